import test from 'ava';
import { minimise } from '../../ts/search/minimise.js';

const wide = { low: Float64Array.of(-5, -5), high: Float64Array.of(5, 5) };

/** Rosenbrock's valley; least 0 at (1, 1). */
function valley([x = 0, y = 0]: Float64Array) {
  return {
    value: 100 * (y - x * x) ** 2 + (1 - x) ** 2,
    gradient: Float64Array.of(-400 * x * (y - x * x) - 2 * (1 - x), 200 * (y - x * x)),
  };
}

test('the minimum of a curved valley is found', (t) => {
  const { x, value } = minimise(valley, Float64Array.of(-1.2, 1), { ...wide, maxSteps: 200 });
  t.true(value < 1e-2, `${value} at ${x}`);
});

test('a minimum outside the box ends on its edge', (t) => {
  const { x } = minimise(
    ([a = 0, b = 0]) => ({
      value: (a - 9) ** 2 + (b + 1) ** 2,
      gradient: Float64Array.of(2 * (a - 9), 2 * (b + 1)),
    }),
    Float64Array.of(0, 0),
    wide,
  );
  t.is(x[0], 5);
  t.true(Math.abs((x[1] ?? 0) + 1) < 1e-3);
});

test('points that the function refuses are stepped back from', (t) => {
  const { x, value } = minimise(
    ([a = 0]) => ({ value: a > 1 ? Number.POSITIVE_INFINITY : -a, gradient: Float64Array.of(-1) }),
    Float64Array.of(0),
    { low: Float64Array.of(-5), high: Float64Array.of(5) },
  );
  t.true((x[0] ?? 0) > 0.9 && (x[0] ?? 0) <= 1, `${x}`);
  t.true(Number.isFinite(value));
});
