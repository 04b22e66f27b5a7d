import test from 'ava';
import { KernelWidths } from '../../ts/search/kernel-widths.js';
import { unitMass } from '../../ts/space/distribution.js';

for (const [sd, bound] of [
  [0.01, 1e-3],
  [0.05, 2e-6],
  [0.135, 1e-7],
] as const) {
  test(`the tabulated mass of normals of width ${sd} is off by less than ${bound}`, (t) => {
    const means = Float64Array.from({ length: 1001 }, (_, i) => i / 1000);
    const masses = new KernelWidths(5, sd).logMasses(means, sd);
    const errors = masses.map((log, i) => Math.abs(log - Math.log(unitMass(means[i] ?? 0, sd))));
    const worst = errors.reduce((most, error) => Math.max(most, error), 0);
    t.true(worst < bound, `${worst}`);
  });
}

test('few masses are exact, and a missing mean stays missing', (t) => {
  const masses = new KernelWidths(5).logMasses(Float64Array.of(0, 0.3, Number.NaN), 0.1);
  t.is(masses[0], Math.log(unitMass(0, 0.1)));
  t.is(masses[1], Math.log(unitMass(0.3, 0.1)));
  t.true(Number.isNaN(masses[2]));
});

test('kernels grow narrower with their number and wider with the dimensions, down to a floor', (t) => {
  t.true(new KernelWidths(5).of(100) < new KernelWidths(5).of(10));
  t.true(new KernelWidths(9).of(100) > new KernelWidths(5).of(100));
  t.is(new KernelWidths(1, 0.3).of(7), 0.3);
  t.is(new KernelWidths(0).of(1e9), 0.01);
});
