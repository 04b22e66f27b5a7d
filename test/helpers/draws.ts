import { loadAddon } from '../../ts/native/addon.js';

const { philox } = loadAddon().kernels;

/** Which draws: see native/kernels/sampling/sampling.h. */
export interface DrawKey {
  readonly seed: number;
  readonly domain: number;
  readonly layer: number;
  readonly qHead: number;
  readonly position: number;
}

/** A uniform sample of `n` of `population` numbers by Floyd's method, ascending; slow and plain. */
export function referenceSample(key: DrawKey, population: number, n: number): number[] {
  const taken = new Set<number>();
  for (let i = 0; i < n; i++) {
    const last = population - n + i;
    const number = below(key, i, last + 1);
    taken.add(taken.has(number) ? last : number);
  }
  return [...taken].sort((a, b) => a - b);
}

/** Draw `i`: a 64-bit fraction times the bound. Two draws of a Philox block. */
function below(
  { seed, domain, layer, qHead, position }: DrawKey,
  i: number,
  bound: number,
): number {
  const counter = Uint32Array.of((domain << 16) | layer, qHead, position, i >> 1);
  const block = philox(counter, Uint32Array.of(seed % 2 ** 32, Math.floor(seed / 2 ** 32)));
  const [low = 0, high = 0] = block.subarray(2 * (i % 2));
  return Number((((BigInt(high) << 32n) | BigInt(low)) * BigInt(bound)) >> 64n);
}
