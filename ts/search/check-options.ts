import { rejectArgument, rejectRange } from '../errors.js';

/** A seed: an integer from 0 to 2^53 - 1. */
export function checkSeed(seed: unknown): number {
  return checkInteger('seed', seed, 0);
}

/** An integer option of at least `minimum`. */
export function checkInteger(name: string, value: unknown, minimum: number): number {
  if (typeof value !== 'number') return rejectArgument(name, 'an integer', value);
  if (Number.isSafeInteger(value) && value >= minimum) return value;
  return rejectRange(name, `an integer of at least ${minimum}`, value);
}

/** A finite number option above `low` and at most `high`. */
export function checkNumber(name: string, value: unknown, low: number, high: number): number {
  if (typeof value !== 'number') return rejectArgument(name, 'a number', value);
  if (value > low && value <= high && Number.isFinite(value)) return value;
  const upper = Number.isFinite(high) ? ` and at most ${high}` : '';
  return rejectRange(name, `a finite number above ${low}${upper}`, value);
}
