import type { MaskerConfig } from '../../ts/maskers/masker.js';
import { loadAddon } from '../../ts/native/addon.js';
import type { HashLayer, HashOfLayer } from '../../ts/native/attention-addon.js';
import { normals, uniformSource } from './arrays.js';

/** A made-up hash of `nHeads` heads: headDim -> 12 -> 70 bits, so that a signature has two words. */
export function hashOf(
  nHeads: number,
  headDim: number,
  [hidden, nBits]: readonly [number, number] = [12, 70],
): HashOfLayer {
  const side = (seed: number) => [
    hashLayer(nHeads, headDim, hidden, seed),
    hashLayer(nHeads, hidden, nBits, seed + 1),
  ];
  return { nHeads, query: side(101), key: side(101) };
}

/** A made-up channel order for each of `nHeads` heads. */
export function ordersOf(nHeads: number, headDim: number): number[][] {
  const uniform = uniformSource(77);
  return Array.from({ length: nHeads }, () =>
    Array.from({ length: headDim }, (_, channel) => ({ channel, at: uniform() }))
      .sort((a, b) => a.at - b.at)
      .map(({ channel }) => channel),
  );
}

/** hash_top_k for attendGroup, with its networks in plain sight for the reference. */
export function hashMasker(nHeads: number, layer = 0, headDim = 24): MaskerConfig {
  const hash = hashOf(nHeads, headDim);
  const weights = loadAddon().hashWeights({ activation: 'silu', layers: [{ layer, ...hash }] });
  return { kind: 'hash_top_k', heavySize: 13, weights, hash };
}

/** double_sparsity for attendGroup, with its lists in plain sight for the reference. */
export function channelMasker(nHeads: number, layer = 0, headDim = 24): MaskerConfig {
  const order = ordersOf(nHeads, headDim);
  const flat = Uint32Array.from(order.flat());
  const channels = loadAddon().channelLists({ layers: [{ layer, nHeads, order: flat }] });
  return { kind: 'double_sparsity', heavySize: 13, groupFactor: 4, channels, order };
}

function hashLayer(nHeads: number, nIn: number, nOut: number, seed: number): HashLayer {
  return {
    nIn,
    nOut,
    matrix: normals(nHeads * nIn * nOut, seed).map((x) => x / Math.sqrt(nIn)),
    bias: normals(nHeads * nOut, seed + 50).map((x) => x * 0.1),
  };
}
