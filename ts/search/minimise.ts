/** A function's value and gradient at a point. */
export interface Slope {
  readonly value: number;
  readonly gradient: Float64Array;
}

export interface MinimiseOptions {
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** Steps at most. Default 30. */
  readonly maxSteps?: number;
}

/** Sufficient decrease of Armijo's rule. */
const DECREASE = 1e-4;
/** No step moves a coordinate further than this. */
const MAX_MOVE = 2;
const TOLERANCE = 1e-4;

/**
 * Minimises a smooth function of few variables in a box: BFGS with backtracking, projected onto the bounds.
 *
 * A value that is not finite counts as too high, so that the function may refuse points.
 *
 * @see Nocedal and Wright, "Numerical optimization", 2nd edition, algorithms 3.1 and 6.1
 */
export function minimise(
  f: (x: Float64Array) => Slope,
  start: Float64Array,
  { low, high, maxSteps = 30 }: MinimiseOptions,
): { readonly x: Float64Array; readonly value: number } {
  let x = clamp(start, low, high);
  let here = f(x);
  let hessian = identity(x.length);
  for (let step = 0; step < maxSteps; step++) {
    const direction = descent(hessian, here.gradient, x, low, high);
    const next = search(f, x, here, direction, low, high);
    if (next === undefined) break;
    const gain = here.value - next.slope.value;
    hessian = updated(hessian, x, next.x, here.gradient, next.slope.gradient);
    x = next.x;
    here = next.slope;
    if (gain < TOLERANCE) break;
  }
  return { x, value: here.value };
}

/** -H g without what would leave the box, and no longer than allowed. */
function descent(
  hessian: readonly Float64Array[],
  gradient: Float64Array,
  x: Float64Array,
  low: Float64Array,
  high: Float64Array,
): Float64Array {
  const free = gradient.map((slope, i) => {
    const isStuck = slope > 0 ? at(x, i) <= at(low, i) : at(x, i) >= at(high, i);
    return isStuck ? 0 : slope;
  });
  let direction = free.map((slope, i) => (slope === 0 ? 0 : -dot(hessian[i] ?? free, free)));
  if (dot(direction, free) >= 0) direction = free.map((slope) => -slope);
  const longest = direction.reduce((most, move) => Math.max(most, Math.abs(move)), 0);
  return longest > MAX_MOVE ? direction.map((move) => (move * MAX_MOVE) / longest) : direction;
}

function search(
  f: (x: Float64Array) => Slope,
  x: Float64Array,
  here: Slope,
  direction: Float64Array,
  low: Float64Array,
  high: Float64Array,
): { x: Float64Array; slope: Slope } | undefined {
  for (let length = 1; length > 1e-4; length /= 3) {
    const next = clamp(
      x.map((value, i) => value + length * at(direction, i)),
      low,
      high,
    );
    const expected = next.reduce((sum, v, i) => sum + (v - at(x, i)) * at(here.gradient, i), 0);
    if (expected >= 0) return undefined;
    const slope = f(next);
    if (slope.value <= here.value + DECREASE * expected) return { x: next, slope };
  }
  return undefined;
}

/** The inverse Hessian after a step, kept positive definite. */
function updated(
  hessian: readonly Float64Array[],
  x: Float64Array,
  next: Float64Array,
  gradient: Float64Array,
  nextGradient: Float64Array,
): readonly Float64Array[] {
  const s = next.map((value, i) => value - at(x, i));
  const y = nextGradient.map((value, i) => value - at(gradient, i));
  const sy = dot(s, y);
  if (!(sy > 1e-10)) return hessian;
  const hy = Float64Array.from(hessian, (row) => dot(row, y));
  const scale = (1 + dot(y, hy) / sy) / sy;
  return hessian.map((row, i) =>
    row.map(
      (h, j) =>
        h + scale * at(s, i) * at(s, j) - (at(hy, i) * at(s, j) + at(s, i) * at(hy, j)) / sy,
    ),
  );
}

function identity(n: number): readonly Float64Array[] {
  return Array.from({ length: n }, (_, i) =>
    Float64Array.from({ length: n }, (_, j) => +(i === j)),
  );
}

function clamp(x: Float64Array, low: Float64Array, high: Float64Array): Float64Array {
  return x.map((value, i) => Math.min(at(high, i), Math.max(at(low, i), value)));
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * at(b, i), 0);
}

function at(values: Float64Array, i: number): number {
  return values[i] as number;
}
