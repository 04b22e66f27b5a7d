import { type ErrorCode, rejectArgument, rejectRange } from '../errors.js';
import { loadAddon } from '../native/addon.js';
import { allIsas, type Isa } from '../native/isa.js';

/** Bounds of an integer option. */
export interface IntegerRange {
  readonly min: number;
  readonly max: number;
}

/** Returns `value` where it is an integer in range; throws a TypeError or RangeError that names it. */
export function checkInteger(
  name: string,
  value: unknown,
  { min, max }: IntegerRange,
  code: ErrorCode = 'ERR_ARGUMENT',
): number {
  const expected = `an integer from ${min} to ${max}`;
  if (typeof value !== 'number') rejectArgument(name, expected, value, code);
  if (!Number.isInteger(value) || value < min || value > max) {
    rejectRange(name, expected, value, code);
  }
  return value;
}

/** Returns `value` where it is a plain object. */
export function checkObject(name: string, value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    rejectArgument(name, 'an object', value);
  }
  return value as Record<string, unknown>;
}

/** Returns `value` where it is a Float32Array whose buffer is still attached. */
export function checkFloats(name: string, value: unknown): Float32Array {
  if (!(value instanceof Float32Array)) rejectArgument(name, 'a Float32Array', value);
  if (loadAddon().isDetached(value.buffer)) {
    rejectArgument(name, 'a Float32Array with an attached buffer', value);
  }
  return value;
}

/** Returns `value` where it is one of `choices`. */
export function checkChoice<T extends string>(
  name: string,
  value: unknown,
  choices: readonly T[],
  code: ErrorCode = 'ERR_ARGUMENT',
): T {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  rejectArgument(name, choices.map((choice) => `"${choice}"`).join(' or '), value, code);
}

/** Returns an instruction set this CPU has, or undefined for the best one. */
export function checkIsa(value: unknown): Isa | undefined {
  if (value === undefined) return undefined;
  const isa = checkChoice('isa', value, allIsas);
  if (!loadAddon().supportsIsa(isa)) {
    rejectRange('isa', 'an instruction set of this CPU (or none, for the best one)', isa);
  }
  return isa;
}

/** Returns a finite number. */
export function checkFinite(name: string, value: unknown): number {
  if (typeof value !== 'number') rejectArgument(name, 'a finite number', value);
  if (!Number.isFinite(value)) rejectRange(name, 'a finite number', value);
  return value;
}

/** Rejects a field that `known` does not list. */
export function checkNoOthers(
  name: string,
  object: Record<string, unknown>,
  known: readonly string[],
  code: ErrorCode = 'ERR_ARGUMENT',
): void {
  const other = Object.keys(object).find((field) => !known.includes(field));
  if (other !== undefined) rejectArgument(name, `only ${known.join(', ')}`, other, code);
}
