import { normalCdf, truncatedQuantile } from './normal.js';

/** What one parameter may hold. */
export type ParamValue = string | number | boolean | null;

/** One configuration: values by parameter name, only those of the branches it takes. */
export type Params = Readonly<Record<string, ParamValue>>;

/** A range of numbers. */
export interface NumericDistribution {
  readonly kind: 'float' | 'int';
  readonly low: number;
  readonly high: number;
  readonly scale: 'linear' | 'log';
  /** Distance of the values, counted from `low`; absent for a continuous range. Always given for `int`. */
  readonly step?: number;
  /** Where good values are expected: `mean` as a value, `sd` as a share of the range on its scale. */
  readonly prior?: { readonly mean: number; readonly sd: number };
}

/** A list of values without order. */
export interface CategoricalDistribution {
  readonly kind: 'categorical';
  readonly choices: readonly ParamValue[];
  /** Prior probability of each choice; they sum to 1. */
  readonly weights: readonly number[];
}

/**
 * The range of one parameter. Each maps to the unit interval: on its scale for numbers (the values of a stepped range
 * own cells of equal width on that scale), in equal cells for choices.
 */
export type Distribution = NumericDistribution | CategoricalDistribution;

/** How many values a parameter can take; Infinity for a continuous range. */
export function cellCount(distribution: Distribution): number {
  if (distribution.kind === 'categorical') return distribution.choices.length;
  const { low, high, step } = distribution;
  if (low === high) return 1;
  return step === undefined ? Number.POSITIVE_INFINITY : Math.floor((high - low) / step + 1e-9) + 1;
}

/** The unit coordinate of a value; the cell's centre for a choice. Outside [0, 1] for a number beyond the range. */
export function toUnit(distribution: Distribution, value: ParamValue): number {
  if (distribution.kind === 'categorical') {
    const { choices } = distribution;
    return (choices.indexOf(value) + 0.5) / choices.length;
  }
  const number = Number(value);
  const u = position(distribution, number);
  return number < distribution.low || number > distribution.high ? u : clampUnit(u);
}

/** Whether a value has a unit coordinate: one of the choices, or a number that may lie beyond the range. */
export function hasUnit(distribution: Distribution, value: unknown): boolean {
  if (distribution.kind === 'categorical')
    return (distribution.choices as readonly unknown[]).includes(value);
  if (typeof value !== 'number' || !Number.isFinite(value)) return false;
  const { low, high, scale } = distribution;
  return low === high ? value === low : scale === 'linear' || value > 0;
}

/** The value of the range or its grid that is nearest to a number; a choice stays what it is. Undefined for others. */
export function nearestValue(distribution: Distribution, value: unknown): ParamValue | undefined {
  if (distribution.kind === 'categorical')
    return hasUnit(distribution, value) ? (value as ParamValue) : undefined;
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  const { low, high, step } = distribution;
  const inside = Math.min(high, Math.max(low, value));
  if (step === undefined || low === high) return inside;
  const cell = Math.min(cellCount(distribution) - 1, Math.round((inside - low) / step));
  return cellValue(distribution, cell);
}

/** The most expected value: the prior's mean, without one the middle of the scale; of choices the likeliest, the first of equals. */
export function centralValue(distribution: Distribution): ParamValue {
  if (distribution.kind === 'categorical') {
    const { choices, weights } = distribution;
    return choices[weights.indexOf(Math.max(...weights))] ?? null;
  }
  return fromUnit(distribution, unitPrior(distribution).mean);
}

/** The value whose cell holds the unit coordinate u, 0 <= u <= 1. */
export function fromUnit(distribution: Distribution, u: number): ParamValue {
  if (distribution.kind === 'categorical') {
    const { choices } = distribution;
    return choices[Math.min(choices.length - 1, Math.floor(u * choices.length))] ?? null;
  }
  const { low, high, scale, step } = distribution;
  const [a, b] = edges(distribution);
  const value = scale === 'log' ? a * (b / a) ** u : a + (b - a) * u;
  if (step === undefined) return Math.min(high, Math.max(low, value));
  const cell = Math.min(cellCount(distribution) - 1, Math.max(0, Math.round((value - low) / step)));
  return cellValue(distribution, cell);
}

/** The value of a cell, counted from 0; only for finite ranges. */
export function cellValue(distribution: Distribution, cell: number): ParamValue {
  if (distribution.kind === 'categorical') return distribution.choices[cell] ?? null;
  const value = distribution.low + cell * (distribution.step ?? 0);
  return distribution.kind === 'int' ? value : Number(value.toPrecision(12));
}

/** The cell that holds a unit coordinate; only for finite ranges. */
export function cellOf(distribution: Distribution, u: number): number {
  const count = cellCount(distribution);
  if (distribution.kind === 'categorical') return Math.min(count - 1, Math.floor(u * count));
  const { low, step } = distribution;
  if (step === undefined || count === 1) return 0;
  return Math.round((Number(fromUnit(distribution, u)) - low) / step);
}

/** Unit coordinates at which a cell begins and ends. */
export function cellBounds(distribution: Distribution, cell: number): readonly [number, number] {
  const count = cellCount(distribution);
  if (distribution.kind === 'categorical') return [cell / count, (cell + 1) / count];
  const { low, step } = distribution;
  if (step === undefined || count === 1) return [0, 1];
  const begin = cell === 0 ? 0 : position(distribution, low + (cell - 0.5) * step);
  const end = cell === count - 1 ? 1 : position(distribution, low + (cell + 0.5) * step);
  return [begin, end];
}

/** The unit coordinate at the quantile `u` of the parameter's prior. */
export function fromPrior(distribution: Distribution, u: number): number {
  if (distribution.kind !== 'categorical') {
    if (distribution.prior === undefined) return u;
    const { mean, sd } = unitPrior(distribution);
    return truncatedQuantile(mean, sd, u);
  }
  let rest = u;
  const { weights } = distribution;
  const cell = weights.findIndex((weight) => {
    rest -= weight;
    return rest < 0;
  });
  return ((cell < 0 ? weights.findLastIndex((weight) => weight > 0) : cell) + 0.5) / weights.length;
}

/** The normal that a numeric parameter's prior is in unit coordinates: (0.5, 1), nearly flat, where none is given. */
export function unitPrior(distribution: NumericDistribution): { mean: number; sd: number } {
  const { prior } = distribution;
  if (prior === undefined) return { mean: 0.5, sd: 1 };
  return { mean: toUnit(distribution, prior.mean), sd: prior.sd };
}

/** Mass of a unit-scale normal on the unit interval; what a truncated density is divided by. */
export function unitMass(mean: number, sd: number): number {
  return normalCdf((1 - mean) / sd) - normalCdf(-mean / sd);
}

function position(distribution: NumericDistribution, value: number): number {
  const [a, b] = edges(distribution);
  if (a === b) return 0.5;
  return distribution.scale === 'log'
    ? Math.log(value / a) / Math.log(b / a)
    : (value - a) / (b - a);
}

/** A stepped range reaches half a step beyond its ends, so that the end values get a whole cell. */
function edges(distribution: NumericDistribution): readonly [number, number] {
  const { low, scale, step, high } = distribution;
  if (step === undefined || low === high) return [low, high];
  const last = low + (cellCount(distribution) - 1) * step;
  const first = scale === 'log' ? Math.max(low - step / 2, low / 2) : low - step / 2;
  return [first, last + step / 2];
}

function clampUnit(u: number): number {
  return Math.min(1, Math.max(0, u));
}
