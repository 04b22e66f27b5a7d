import test from 'ava';
import { normalCdf, normalQuantile } from '../../ts/space/normal.js';

// Values of the standard normal with 17 digits, from mpmath 1.4 (ncdf, and findroot of it).
const CDF: readonly (readonly [number, number])[] = [
  [-37, 5.725571222524577e-300],
  [-8, 6.220960574271784e-16],
  [-1.96, 0.02499789514822043],
  [0, 0.5],
  [0.5, 0.6914624612740131],
  [3, 0.9986501019683699],
];

test('the distribution function has a relative error below 1e-12', (t) => {
  for (const [z, p] of CDF) t.true(Math.abs(normalCdf(z) / p - 1) < 1e-12, `${z}: ${normalCdf(z)}`);
});

test('the quantile inverts the distribution function', (t) => {
  for (const p of [1e-12, 1e-4, 0.02, 0.3, 0.5, 0.7, 0.999, 1 - 1e-9]) {
    t.true(Math.abs(normalCdf(normalQuantile(p)) - p) < 1e-13, `${p}`);
  }
  t.true(Math.abs(normalQuantile(0.975) - 1.9599639845400543) < 1e-13);
});

test('the ends of the unit interval have infinite quantiles', (t) => {
  t.is(normalQuantile(0), Number.NEGATIVE_INFINITY);
  t.is(normalQuantile(1), Number.POSITIVE_INFINITY);
});
