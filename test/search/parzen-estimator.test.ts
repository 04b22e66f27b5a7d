import { readFileSync } from 'node:fs';
import test from 'ava';
import { ParzenEstimator } from '../../ts/search/parzen-estimator.js';
import { Rng } from '../../ts/search/rng.js';
import type { Params } from '../../ts/space/distribution.js';
import { SearchSpace } from '../../ts/space/search-space.js';

interface Golden {
  readonly bandwidth: number;
  readonly observed: readonly Params[];
  readonly queried: readonly Params[];
  readonly logDensities: readonly number[];
}

const golden = JSON.parse(readFileSync('test/golden/search/parzen.json', 'utf8')) as Golden;

const mixed = SearchSpace.parse({
  properties: {
    x: { type: 'number', minimum: -5, maximum: 10 },
    rate: { type: 'number', minimum: 1e-4, maximum: 1, 'x-search': { scale: 'log' } },
    size: { type: 'integer', minimum: 1, maximum: 8 },
    window: { type: 'integer', minimum: 1, maximum: 32, 'x-search': { scale: 'log' } },
    kind: { enum: [0, 1, 2, 3] },
  },
});

const conditional = SearchSpace.parse({
  properties: { size: { type: 'integer', minimum: 1, maximum: 3 } },
  oneOf: [
    { properties: { kind: { const: 'hash' }, bits: { type: 'integer', minimum: 1, maximum: 4 } } },
    { properties: { kind: { const: 'page' }, pages: { enum: ['a', 'b'] } } },
  ],
});

test('densities of a mixed space equal those of Optuna', (t) => {
  const units = golden.observed.map((params) => mixed.encode(params));
  const estimator = new ParzenEstimator(mixed, units, { bandwidth: golden.bandwidth });
  const logs = estimator.logDensities(golden.queried.map((params) => mixed.encode(params)));
  for (const [i, expected] of golden.logDensities.entries()) {
    t.true(Math.abs((logs[i] ?? 0) - expected) < 1e-9, `query ${i}: ${logs[i]} is not ${expected}`);
  }
});

test('masses over a conditional finite space sum to one', (t) => {
  const observed = [...conditional.enumerate()]
    .filter((_, i) => i % 4 === 0)
    .map((params) => conditional.encode(params));
  const estimator = new ParzenEstimator(conditional, observed);
  const all = [...conditional.enumerate()].map((params) => conditional.encode(params));
  const total = estimator.logDensities(all).reduce((sum, log) => sum + Math.exp(log), 0);
  t.true(Math.abs(total - 1) < 1e-9, `${total}`);
});

test('a continuous density integrates to one', (t) => {
  const space = SearchSpace.parse({
    properties: { x: { type: 'number', minimum: 0, maximum: 1 } },
  });
  const estimator = new ParzenEstimator(
    space,
    [0.01, 0.4, 0.97].map((x) => space.encode({ x })),
  );
  const n = 2000;
  const grid = Array.from({ length: n }, (_, i) => Float64Array.of((i + 0.5) / n));
  const total = estimator.logDensities(grid).reduce((sum, log) => sum + Math.exp(log) / n, 0);
  t.true(Math.abs(total - 1) < 1e-6, `${total}`);
});

test('draws follow the density', (t) => {
  const observed = [
    { size: 1, kind: 'hash', bits: 4 },
    { size: 3, kind: 'page', pages: 'b' },
  ];
  const estimator = new ParzenEstimator(
    conditional,
    observed.map((params) => conditional.encode(params)),
  );
  const all = [...conditional.enumerate()];
  const logs = estimator.logDensities(all.map((params) => conditional.encode(params)));
  const rng = Rng.at(1, 0);
  const nDraws = 20_000;
  const counts = new Map<string, number>();
  for (let draw = 0; draw < nDraws; draw++) {
    const key = conditional.key(conditional.decode(estimator.draw(rng)));
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  for (const [i, params] of all.entries()) {
    const p = Math.exp(logs[i] ?? 0);
    const share = (counts.get(conditional.key(params)) ?? 0) / nDraws;
    // Six standard errors: a correct sampler leaves them less than once in a million.
    t.true(
      Math.abs(share - p) < 6 * Math.sqrt((p * (1 - p)) / nDraws),
      `${conditional.key(params)}: ${share}, not ${p}`,
    );
  }
});

test('a density without observations is the prior', (t) => {
  const space = SearchSpace.parse({
    properties: {
      kind: { enum: ['a', 'b'], 'x-search': { prior: { kind: 'weights', weights: [3, 1] } } },
    },
  });
  const logs = new ParzenEstimator(space, []).logDensities([
    space.encode({ kind: 'a' }),
    space.encode({ kind: 'b' }),
  ]);
  t.deepEqual(
    [...logs].map((log) => Math.exp(log).toFixed(9)),
    ['0.750000000', '0.250000000'],
  );
});

test('an observation beyond a range leans towards it, the less the further off it is', (t) => {
  const unit = { properties: { x: { type: 'number', minimum: 0, maximum: 1 } } };
  const space = SearchSpace.parse(unit);
  const n = 4000;
  const points = Array.from({ length: n }, (_, i) => space.encode({ x: (i + 0.5) / n }));
  const leans = [1.05, 1.4, 3, -0.05, -0.4, -2].map((x) => {
    const estimator = new ParzenEstimator(space, [space.encode({ x })], { priorWeight: 1e-9 });
    const logs = estimator.logDensities(points);
    const total = logs.reduce((sum, log) => sum + Math.exp(log), 0) / n;
    t.true(Math.abs(total - 1) < 1e-4, `${total} at ${x}`);
    const rng = Rng.at(1, 1);
    const draws = Array.from({ length: 500 }, () => estimator.draw(rng)[0] ?? Number.NaN);
    t.true(draws.every((u) => u >= 0 && u <= 1));
    const isUpper = x > 1;
    const gap = (logs[isUpper ? n - 1 : 0] ?? 0) - (logs[isUpper ? 0 : n - 1] ?? 0);
    t.true(gap > 0);
    return gap;
  });
  t.true((leans[0] ?? 0) > (leans[1] ?? 0) && (leans[1] ?? 0) > (leans[2] ?? 0));
  t.true((leans[3] ?? 0) > (leans[4] ?? 0) && (leans[4] ?? 0) > (leans[5] ?? 0));
});
