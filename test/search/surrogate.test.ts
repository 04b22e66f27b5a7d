import test from 'ava';
import { FitCache } from '../../ts/search/fit-cache.js';
import { Rng } from '../../ts/search/rng.js';
import { latestMoment, Surrogate } from '../../ts/search/surrogate.js';
import type { Trial } from '../../ts/search/trial.js';
import { SearchSpace } from '../../ts/space/search-space.js';
import { trialOf } from '../helpers/trials.js';

const space = SearchSpace.parse({
  properties: {
    x: { type: 'number', minimum: 0, maximum: 1 },
    y: { type: 'number', minimum: 0, maximum: 1 },
  },
});

function build(trials: readonly Trial[], rungs: readonly number[], before?: number) {
  return Surrogate.build({
    space,
    trials,
    rungs,
    encode: ({ params }) => space.encode(params),
    fits: new FitCache(),
    ...(before === undefined ? {} : { before }),
  });
}

function randomTrials(n: number, outcome: (x: number, y: number, i: number) => Trial): Trial[] {
  const rng = Rng.at(2, 2);
  return Array.from({ length: n }, (_, i) => outcome(rng.uniform(), rng.uniform(), i));
}

const at = (x: number, y: number) => space.encode({ x, y });

const scoreOf = (model: Surrogate, unit: Float64Array) => model.scores([unit])[0] ?? Number.NaN;

test('a smooth objective is expected to be low where it is', (t) => {
  const trials = randomTrials(30, (x, y, i) =>
    trialOf(i, [(x - 0.7) ** 2 + (y - 0.2) ** 2], { rungs: [1], params: { x, y } }),
  );
  const model = build(trials, [1]);
  if (model === undefined) return t.fail('no model');
  t.true(model.mean(at(0.7, 0.2)) < model.mean(at(0.4, 0.5)));
  t.true(scoreOf(model, at(0.7, 0.2)) > scoreOf(model, at(0.1, 0.9)));
});

test('values that have nothing to do with the parameters give no model', (t) => {
  const rng = Rng.at(3, 3);
  const trials = randomTrials(40, (x, y, i) =>
    trialOf(i, [rng.uniform()], { rungs: [1], params: { x, y } }),
  );
  t.is(build(trials, [1]), undefined);
});

for (const n of [30, 60, 90]) {
  test(`a cliff with nothing to learn above and below it gives no model of ${n} values`, (t) => {
    const rng = Rng.at(4, n);
    const trials = randomTrials(n, (x, y, i) =>
      trialOf(i, [rng.uniform() + (x > 0.6 ? 5 : 0)], { rungs: [1], params: { x, y } }),
    );
    t.is(build(trials, [1]), undefined);
  });
}

test('where trials fail a candidate scores lower than its mirror image that does not', (t) => {
  // Symmetric about x = 0.5; the right half fails.
  const trials = randomTrials(40, (x, y, i) =>
    trialOf(i, x > 0.5 ? [] : [Math.abs(x - 0.5) + y], {
      rungs: [1],
      params: { x, y },
      failed: x > 0.5,
    }),
  );
  const model = build(trials, [1]);
  if (model === undefined) return t.fail('no model');
  t.true(scoreOf(model, at(0.3, 0.05)) > scoreOf(model, at(0.7, 0.05)) + 1);
});

test('trials that break a constraint are learnt from but never the incumbent', (t) => {
  const trials = randomTrials(40, (x, y, i) =>
    trialOf(i, [x], { rungs: [1], params: { x, y }, violation: Math.max(0, 0.4 - x) }),
  );
  const model = build(trials, [1]);
  if (model === undefined) return t.fail('no model');
  t.true((model.incumbent[0] ?? 0) >= 0.4);
  t.true((model.incumbent[0] ?? 1) < 0.5);
  t.true(scoreOf(model, at(0.42, 0.5)) > scoreOf(model, at(0.2, 0.5)));
});

test('a known margin keeps candidates from a bound that was never crossed', (t) => {
  const trials = randomTrials(40, (x, y, i) => {
    const trial = trialOf(i, [1 - 0.8 * x], { rungs: [1], params: { x: 0.6 * x, y } });
    const results = trial.results.map((result) => ({ ...result, metrics: { used: 0.6 * x } }));
    return { ...trial, results };
  });
  const margins = ({ used = 0 }: Readonly<Record<string, number>>) => [used - 0.65];
  const request = {
    space,
    trials,
    rungs: [1],
    encode: ({ params }: Trial) => space.encode(params),
    fits: new FitCache(),
  };
  const blind = Surrogate.build(request);
  const seeing = Surrogate.build({ ...request, margins });
  if (blind === undefined || seeing === undefined) return t.fail('no model');
  t.true(scoreOf(blind, at(0.85, 0.5)) > scoreOf(blind, at(0.62, 0.5)));
  t.true(scoreOf(seeing, at(0.85, 0.5)) < scoreOf(seeing, at(0.62, 0.5)));
});

test('while no trial holds the constraints the model looks for where they are least broken', (t) => {
  const trials = randomTrials(30, (x, y, i) =>
    trialOf(i, [x], { rungs: [1], params: { x, y }, violation: 2 - x }),
  );
  const model = build(trials, [1]);
  if (model === undefined) return t.fail('no model');
  t.true(model.mean(at(0.95, 0.5)) < model.mean(at(0.1, 0.5)));
});

test('a shift that all values of a rung share does not mislead', (t) => {
  const trials = randomTrials(40, (x, y, i) => {
    const value = (x - 0.3) ** 2 + y * y;
    return trialOf(i, x < 0.6 ? [value + 5, value] : [value + 5], {
      rungs: [1, 3],
      params: { x, y },
    });
  });
  const model = build(trials, [1, 3]);
  if (model === undefined) return t.fail('no model');
  t.true(model.mean(at(0.3, 0)) < model.mean(at(0.9, 0)));
  t.true(model.mean(at(0.9, 0)) < model.mean(at(0.9, 0.9)));
});

test('results that arrived later change nothing before their time', (t) => {
  const early = randomTrials(20, (x, y, i) =>
    trialOf(i, [x + y], { rungs: [1], params: { x, y } }),
  );
  const late = trialOf(20, [-9], { rungs: [1], params: { x: 0.9, y: 0.9 } });
  const point = at(0.8, 0.8);
  t.is(build([...early, late], [1], 20)?.mean(point), build(early, [1])?.mean(point));
  t.not(build([...early, late], [1])?.mean(point), build(early, [1])?.mean(point));
});

test('the moments of a fit grow by a seventh', (t) => {
  t.deepEqual([4, 5, 8, 9, 40, 41, 47].map(latestMoment), [4, 5, 8, 9, 37, 37, 42]);
});

test('what lies beyond the ranges teaches the model, but is not its incumbent', (t) => {
  // Falls towards x = 1.5, beyond the range; half of the trials are there.
  const trials = randomTrials(40, (x, y, i) =>
    trialOf(i, [(x * 2 - 1.5) ** 2 + y], { rungs: [1], params: { x: 2 * x, y } }),
  );
  const model = build(trials, [1]);
  if (model === undefined) return t.fail('no model');
  t.true(model.incumbent.every((u) => u >= 0 && u <= 1));
  t.true((model.incumbent[0] ?? 0) > 0.8);
  t.true(model.mean(at(1, 0)) < model.mean(at(0.6, 0)));
});
