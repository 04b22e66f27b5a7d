import test from 'ava';
import { quantile, warpTargets } from '../../ts/search/warp.js';

test('warped targets keep their order, with mean 0 and variance 1', (t) => {
  const values = [5, 3, 100, 4, 3.5, 7, 3.1, 20];
  const { targets, warp } = warpTargets(values);
  const order = (list: readonly number[]) =>
    [...list.keys()].sort((a, b) => (list[a] ?? 0) - (list[b] ?? 0));
  t.deepEqual(order([...targets]), order(values));
  const mean = targets.reduce((sum, z) => sum + z, 0) / targets.length;
  const variance = targets.reduce((sum, z) => sum + z * z, 0) / targets.length;
  t.true(Math.abs(mean) < 1e-9 && Math.abs(variance - 1) < 1e-6);
  t.is(warp(4), targets[3] ?? 0);
});

test('an outlier moves the others little', (t) => {
  const spread = (worst: number) => {
    const { targets } = warpTargets([1, 2, 3, 4, 5, 6, 7, 8, 9, worst]);
    return (targets[4] ?? 0) - (targets[0] ?? 0);
  };
  t.true(spread(1e9) > 0.3 * spread(10));
});

test('differences below the resolution shrink', (t) => {
  const gap = (resolution: number) => {
    const { targets } = warpTargets([0, 0.01, 0.02, 1, 2, 3], resolution);
    return (targets[1] ?? 0) - (targets[0] ?? 0);
  };
  t.true(gap(0.5) < 0.3 * gap(0));
});

test('equal values are all 0', (t) => {
  t.deepEqual([...warpTargets([2, 2, 2]).targets], [0, 0, 0]);
});

test('quantiles interpolate', (t) => {
  t.is(quantile([1, 2, 4], 0), 1);
  t.is(quantile([1, 2, 4], 0.75), 3);
  t.is(quantile([1, 2, 4], 1), 4);
});
