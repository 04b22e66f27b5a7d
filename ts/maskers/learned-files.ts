import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { rejectConfig } from '../errors.js';
import { loadAddon } from '../native/addon.js';
import type { HashLayer, HashOfLayer, LearnedHandle } from '../native/attention-addon.js';
import type { MaskerConfig } from './masker.js';
import { readJsonObject, readTensors, type Tensor } from './tensors.js';

/** What a masker learned beforehand: a native handle, and what it fits. */
export interface Learned {
  readonly handle: LearnedHandle;
  /** Heads and channels of a model layer; undefined for a layer the file leaves out. */
  readonly layers: ReadonlyMap<number, { readonly nHeads: number; readonly headDim: number }>;
}

const read = new Map<string, { readonly version: string; readonly learned: Learned }>();

/**
 * Hash networks from `hatWeightFile`: tensors `layers.N.query_matrix.I` of `[nHeads, nIn, nOut]` and
 * `layers.N.query_bias.I` of `[nHeads, nOut]`, the same with `key`, for model layers N and network layers I = 0, 1, ...
 *
 * A file is read once, and again when it has changed.
 *
 * @throws {TypeError} `ERR_CONFIG`, naming the file and the tensor
 */
export function readHashWeights(masker: MaskerConfig): Learned {
  const path = String(masker['hatWeightFile']);
  const activation = String(masker['hatMlpActivation'] ?? 'silu');
  return once(path, `hash ${activation}`, () => {
    const tensors = readTensors(path);
    const numbers = layerNumbers(path, [...tensors.keys()], /^layers\.(\d+)\./);
    const layers = numbers.map((layer) => ({ layer, ...hashOfLayer(path, tensors, layer) }));
    return {
      handle: loadAddon().hashWeights({ activation, layers }),
      layers: new Map(
        layers.map(({ layer, nHeads, key }) => [layer, { nHeads, headDim: key[0]?.nIn ?? 0 }]),
      ),
    };
  });
}

/**
 * Channel lists from `sortedChannelFile`, JSON as Double Sparsity writes it: `model.layers.N.self_attn.SELECTION` is
 * a list per head of all channels, the most important first. SELECTION is `channelSelection`, by default `qk_proj`.
 *
 * @throws {TypeError} `ERR_CONFIG`, naming the file and the key
 */
export function readChannels(masker: MaskerConfig): Learned {
  const path = String(masker['sortedChannelFile']);
  const selection = String(masker['channelSelection'] ?? 'qk_proj');
  return once(path, `channels ${selection}`, () => {
    const object = readJsonObject(path);
    const suffix = `.self_attn.${selection}`;
    const names = Object.keys(object).filter((name) => name.endsWith(suffix));
    const layers = layerNumbers(path, names, /^model\.layers\.(\d+)\./).map((layer) => ({
      layer,
      ...channelsOfLayer(path, `model.layers.${layer}${suffix}`, object),
    }));
    return {
      handle: loadAddon().channelLists({ layers }),
      layers: new Map(
        layers.map(({ layer, nHeads, order }) => [
          layer,
          { nHeads, headDim: order.length / nHeads },
        ]),
      ),
    };
  });
}

function once(path: string, use: string, load: () => Learned): Learned {
  const key = `${use} ${resolve(path)}`;
  const version = fileVersion(path);
  const known = read.get(key);
  if (known !== undefined && known.version === version) return known.learned;
  const learned = load();
  read.set(key, { version, learned });
  return learned;
}

function fileVersion(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return rejectConfig(`Cannot read ${JSON.stringify(path)}: no such file`);
  return `${stat.mtimeMs} ${stat.size}`;
}

function layerNumbers(path: string, names: readonly string[], pattern: RegExp): readonly number[] {
  const numbers = names.flatMap((name) => pattern.exec(name)?.[1] ?? []).map(Number);
  if (numbers.length === 0) return rejectConfig(`${path} has no names like ${pattern.source}`);
  return [...new Set(numbers)].sort((a, b) => a - b);
}

function hashOfLayer(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  layer: number,
): HashOfLayer {
  const query = network(path, tensors, `layers.${layer}.query`);
  const key = network(path, tensors, `layers.${layer}.key`);
  const [first] = query;
  if (first === undefined || query.at(-1)?.nOut !== key.at(-1)?.nOut || first.nIn !== key[0]?.nIn) {
    return rejectConfig(`The networks of layer ${layer} in ${path} do not fit each other`);
  }
  const nHeads = first.bias.length / first.nOut;
  if ([...query, ...key].some(({ bias, nOut }) => bias.length !== nHeads * nOut)) {
    return rejectConfig(`The networks of layer ${layer} in ${path} differ in their heads`);
  }
  return { nHeads, query, key };
}

function network(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  stem: string,
): readonly HashLayer[] {
  const layers: HashLayer[] = [];
  for (let i = 0; ; i++) {
    const matrix = tensors.get(`${stem}_matrix.${i}`);
    const bias = tensors.get(`${stem}_bias.${i}`);
    if (matrix === undefined && bias === undefined && i > 0) return layers;
    const [nHeads = 0, nIn = 0, nOut = 0] = matrix?.shape ?? [];
    const fits =
      matrix?.shape.length === 3 &&
      bias?.shape.join() === [nHeads, nOut].join() &&
      nIn === (layers.at(-1)?.nOut ?? nIn) &&
      nHeads * nIn * nOut > 0;
    if (!fits) {
      return rejectConfig(
        `Expected ${stem}_matrix.${i} of [nHeads, nIn, nOut] and ${stem}_bias.${i} of [nHeads, nOut] in ${path}`,
      );
    }
    layers.push({ nIn, nOut, matrix: matrix.data, bias: bias.data });
  }
}

function channelsOfLayer(
  path: string,
  name: string,
  object: Readonly<Record<string, unknown>>,
): { nHeads: number; order: Uint32Array } {
  const heads = object[name];
  const isOrder = (list: unknown, n: number) =>
    Array.isArray(list) &&
    list.length === n &&
    [...list].sort((a, b) => a - b).every((channel, i) => channel === i);
  if (
    !Array.isArray(heads) ||
    heads.length === 0 ||
    !heads.every((l) => isOrder(l, heads[0].length))
  ) {
    return rejectConfig(
      `Expected a list per head of all channels, each once, for ${name} in ${path}`,
    );
  }
  return { nHeads: heads.length, order: Uint32Array.from(heads.flat()) };
}
