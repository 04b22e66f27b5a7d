import test from 'ava';
import { expectedExcess, logExpectedImprovement } from '../../ts/search/expected-improvement.js';

/** E[max(0, best - X)] by the trapezium rule. */
function byIntegration(mean: number, sd: number, best: number): number {
  const [low, n] = [mean - 12 * sd, 200_000];
  const step = (best - low) / n;
  let sum = 0;
  for (let i = 0; i <= n; i++) {
    const x = low + i * step;
    const density = Math.exp(-0.5 * ((x - mean) / sd) ** 2) / (sd * Math.sqrt(2 * Math.PI));
    sum += (best - x) * density * (i === 0 || i === n ? 0.5 : 1);
  }
  return sum * step;
}

for (const [mean, sd, best] of [
  [0, 1, 0],
  [1, 0.5, 2],
  [3, 1, 0],
  [7, 1, 0],
] as const) {
  test(`log EI of N(${mean}, ${sd}) below ${best} equals integration`, (t) => {
    const expected = Math.log(byIntegration(mean, sd, best));
    const actual = logExpectedImprovement(mean, sd, best);
    t.true(Math.abs(actual - expected) < 5e-3, `${actual} is not ${expected}`);
  });
}

test('log EI falls on without underflow, and has no jump where the formula changes', (t) => {
  const at = (z: number) => logExpectedImprovement(z, 1, 0);
  t.true(at(40) < at(30) && at(30) < at(20) && Number.isFinite(at(60)));
  t.true(Math.abs(at(6 - 1e-9) - at(6 + 1e-9)) < 2e-2);
});

test('the expected excess equals integration', (t) => {
  for (const [mean, sd, bound] of [
    [0, 1, 0],
    [1, 0.5, 2],
    [3, 1, 0],
  ] as const) {
    const expected = byIntegration(mean, sd, bound);
    t.true(Math.abs(expectedExcess(mean, sd, bound) - expected) < 1e-6);
  }
});
