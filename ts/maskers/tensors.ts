import { readFileSync } from 'node:fs';
import { rejectConfig } from '../errors.js';
import { loadAddon } from '../native/addon.js';

/** A dense array of numbers, row-major. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/**
 * The tensors of a file by name: safetensors (F32, F16 or BF16), or JSON with nested arrays of numbers.
 *
 * Neither can run code; pickle files are refused.
 *
 * @throws {TypeError} `ERR_CONFIG` if the file cannot be read or is malformed, naming the file and what is wrong
 */
export function readTensors(path: string): ReadonlyMap<string, Tensor> {
  const bytes = readBytes(path);
  if (path.endsWith('.safetensors')) return parseSafetensors(path, bytes);
  if (path.endsWith('.json')) {
    const object = parseJson(path, bytes);
    return new Map(
      Object.entries(object).map(([name, value]) => [name, nested(path, name, value)]),
    );
  }
  return rejectConfig(
    `Expected a .safetensors or .json file but received ${JSON.stringify(path)}; convert other formats first`,
  );
}

/** The object that a JSON file holds. */
export function readJsonObject(path: string): Readonly<Record<string, unknown>> {
  return parseJson(path, readBytes(path));
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    return rejectConfig(`Cannot read ${JSON.stringify(path)}: ${(cause as Error).message}`);
  }
}

function parseJson(path: string, bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    return rejectConfig(`${path} is no JSON: ${(cause as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return rejectConfig(`Expected a JSON object in ${path}`);
  }
  return value as Readonly<Record<string, unknown>>;
}

/** Eight bytes of length, a JSON header, the data. */
function parseSafetensors(path: string, bytes: Buffer): ReadonlyMap<string, Tensor> {
  const length = bytes.length < 8 ? Number.NaN : Number(bytes.readBigUInt64LE(0));
  if (!(length <= bytes.length - 8)) return rejectConfig(`${path} is no safetensors file`);
  const header = parseJson(path, bytes.subarray(8, 8 + length));
  const data = bytes.subarray(8 + length);
  const names = Object.keys(header).filter((name) => name !== '__metadata__');
  return new Map(names.map((name) => [name, toTensor(path, name, header[name] as Entry, data)]));
}

function toTensor(path: string, name: string, entry: Entry, data: Buffer): Tensor {
  const { dtype, shape = [], data_offsets: [begin, end] = [0, -1] } = entry ?? {};
  const sizes: Readonly<Record<string, number>> = { F32: 4, F16: 2, BF16: 2 };
  const size = sizes[dtype];
  if (size === undefined)
    return rejectConfig(`${name} in ${path} is ${dtype}, not F32, F16 or BF16`);
  const n = shape.reduce((product, side) => product * side, 1);
  if (begin < 0 || end > data.length || end - begin !== n * size) {
    return rejectConfig(
      `${name} in ${path} has other bytes than its shape ${shape.join('x')} needs`,
    );
  }
  const copy = Uint8Array.from(data.subarray(begin, end)).buffer;
  if (dtype === 'F32') return { shape, data: finite(path, name, new Float32Array(copy)) };
  const halves = new Uint16Array(copy);
  const floats =
    dtype === 'F16'
      ? loadAddon().kernels.fromHalf(halves)
      : new Float32Array(Uint32Array.from(halves, (half) => half << 16).buffer);
  return { shape, data: finite(path, name, floats) };
}

function nested(path: string, name: string, value: unknown): Tensor {
  const shape: number[] = [];
  for (let level = value; Array.isArray(level); level = level[0]) shape.push(level.length);
  const flat = Array.isArray(value) ? value.flat(shape.length - 1) : [];
  const n = shape.reduce((product, side) => product * side, 1);
  if (shape.length === 0 || flat.length !== n || !flat.every((x) => typeof x === 'number')) {
    return rejectConfig(
      `Expected nested arrays of numbers, all of one length, for ${name} in ${path}`,
    );
  }
  return { shape, data: finite(path, name, Float32Array.from(flat as number[])) };
}

function finite(path: string, name: string, data: Float32Array): Float32Array {
  return data.every(Number.isFinite) ? data : rejectConfig(`${name} in ${path} is not finite`);
}
