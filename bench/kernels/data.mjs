// The data of a case, the same for all rivals: keys and values are rows of a small table of Gaussian numbers, taken
// in an order that each rival can repeat (bench/peers/lines.py has it too).
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCaches } from '../../build/ts/ts/micro/caches.js';
import { Gaussian } from '../../build/ts/ts/micro/gaussian.js';
import { loadAddon } from '../../build/ts/ts/native/addon.js';

const tableRows = 32749; // a prime, so that every step visits all rows
const orders = { keys: [7, 13], values: [5, 3] };

/** A folder of files that peers read; removed at the end. */
export class DataFolder {
  #folder = mkdtempSync(join(tmpdir(), 'sparsetune-kernels-'));
  #count = 0;

  write(array) {
    this.#count += 1;
    const path = join(this.#folder, `${this.#count}.raw`);
    writeFileSync(path, new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    return path;
  }

  remove() {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export function makeTable(headDim) {
  return new Gaussian(17).fill(new Float32Array(tableRows * headDim));
}

/** Row `number` of a head, as all rivals have it. */
export function rowOf(table, headDim, kind, head, number) {
  const [step, shift] = orders[kind];
  const row = (number * step + head * shift) % tableRows;
  return table.subarray(row * headDim, (row + 1) * headDim);
}

/** Our caches with the rows of the table. */
export function tableCaches(shape, table, copies) {
  const { nKvHeads, headDim } = shape;
  const source = (kind) => {
    let first = 0;
    return (rows) => {
      const chunk = new Float32Array(nKvHeads * rows * headDim);
      for (let head = 0; head < nKvHeads; head++) {
        for (let row = 0; row < rows; row++) {
          const at = (head * rows + row) * headDim;
          chunk.set(rowOf(table, headDim, kind, head, first + row), at);
        }
      }
      first += rows;
      return chunk;
    };
  };
  return makeCaches(shape, { copies, keys: source('keys'), values: source('values') });
}

/** The floats that a cache of `dtype` holds. */
export function rounded(table, dtype) {
  const { toHalf, fromHalf } = loadAddon().kernels;
  if (dtype === 'f16') return fromHalf(toHalf(table));
  if (dtype === 'f32') return table;
  const bits = new Uint32Array(table.slice().buffer);
  for (let i = 0; i < bits.length; i++) {
    bits[i] = (bits[i] + 0x7fff + ((bits[i] >>> 16) & 1)) & 0xffff0000;
  }
  return new Float32Array(bits.buffer);
}

/**
 * Attention of some query heads in double precision, from the rounded rows.
 *
 * @param list - keys of a head, or undefined for all
 */
export function reference(shape, { table, query, heads, list = () => undefined }) {
  const { nQHeads, nKvHeads, headDim, nKv, dtype } = shape;
  const rows = rounded(table, dtype);
  return heads.map((head) => {
    const kvHead = Math.floor(head / (nQHeads / nKvHeads));
    const keys = list(head) ?? Uint32Array.from({ length: nKv }, (_, i) => i);
    const scores = Float64Array.from(keys, (key) => {
      const row = rowOf(rows, headDim, 'keys', kvHead, key);
      let dot = 0;
      for (let i = 0; i < headDim; i++) dot += query[head * headDim + i] * row[i];
      return dot / Math.sqrt(headDim);
    });
    const max = scores.reduce((a, b) => Math.max(a, b));
    const output = new Float64Array(headDim);
    let sum = 0;
    for (const [j, score] of scores.entries()) {
      const weight = Math.exp(score - max);
      const row = rowOf(rows, headDim, 'values', kvHead, keys[j]);
      sum += weight;
      for (let i = 0; i < headDim; i++) output[i] += weight * row[i];
    }
    return output.map((value) => value / sum);
  });
}

const ours = { f32: 1e-4, f16: 1e-3, bf16: 1e-2 };
/** Peers round queries, scores or sums to the element type as well. */
const peers = { f32: 1e-4, f16: 0.1, bf16: 0.1 };

/** Throws where an output is not what the reference says, as far as the element type allows. */
export function checkOutput(name, output, { shape, heads, expected }) {
  const tolerances = name.startsWith('sparsetune') ? ours : peers;
  const { headDim, dtype } = shape;
  for (const [i, head] of heads.entries()) {
    let error = 0;
    let norm = 0;
    for (let d = 0; d < headDim; d++) {
      error += (output[head * headDim + d] - expected[i][d]) ** 2;
      norm += expected[i][d] ** 2;
    }
    const relative = Math.sqrt(error / norm);
    if (!(relative <= tolerances[dtype])) {
      throw new Error(`${name}: head ${head} is off by ${relative.toExponential(1)} (${dtype})`);
    }
  }
}
