import type { MaskerConfig } from '../../ts/maskers/masker.js';
import { row } from './arrays.js';

/** One query of one head, and the keys it may see. */
export interface ReferenceRow {
  /** Query head; of all random draws, and of what is learned per head. */
  readonly head: number;
  readonly scale: number;
  readonly query: Float32Array;
  /** `[nKv, headDim]`, all keys of the head. */
  readonly keys: Float32Array;
  readonly headDim: number;
  /** Keys that causality allows. */
  readonly nVisible: number;
  readonly seed: number;
  readonly layer: number;
  /** Keys whose mean centres all of them. */
  readonly nMean: number;
}

/** A size of a masker, from `<stem>Size` or `<stem>Fraction`. */
export function count(masker: MaskerConfig, stem: string, { nVisible }: ReferenceRow): number {
  const fraction = masker[`${stem}Fraction`];
  if (typeof fraction === 'number') return Math.max(1, Math.floor(fraction * nVisible));
  return Number(masker[`${stem}Size`]);
}

export function keyOf({ keys, headDim }: ReferenceRow, key: number): Float32Array {
  return row(keys, key, headDim);
}

/** The k keys of the largest scores, of equal ones the first. */
export function largest(free: number[], k: number, score: (key: number) => number): number[] {
  const scored = free.map((key) => ({ key, score: score(key) }));
  return scored
    .sort((a, b) => b.score - a.score || a.key - b.key)
    .slice(0, k)
    .map(({ key }) => key);
}
