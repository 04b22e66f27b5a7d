import test from 'ava';
import { expectedExcess } from '../../ts/search/expected-improvement.js';
import { FitCache } from '../../ts/search/fit-cache.js';
import { hypervolume, type Pair } from '../../ts/search/pareto.js';
import { ParetoSurrogate, stripsOf } from '../../ts/search/pareto-surrogate.js';
import { Rng } from '../../ts/search/rng.js';
import type { Trial } from '../../ts/search/trial.js';
import { SearchSpace } from '../../ts/space/search-space.js';
import { trialOf } from '../helpers/trials.js';

const space = SearchSpace.parse({
  properties: {
    x: { type: 'number', minimum: 0, maximum: 1 },
    y: { type: 'number', minimum: 0, maximum: 1 },
  },
});
const at = (x: number, y: number) => space.encode({ x, y });

/** Trials of the objectives (x + y, 1 - x + y): the front is y = 0. */
function randomTrials(n: number, violation = (_x: number) => 0): Trial[] {
  const rng = Rng.at(2, 2);
  return Array.from({ length: n }, (_, i) => {
    const [x, y] = [rng.uniform(), rng.uniform()];
    const trial = trialOf(i, [y], { rungs: [1], params: { x, y }, violation: violation(x) });
    const objectives: Pair = [x + y, 1 - x + y];
    return { ...trial, results: trial.results.map((result) => ({ ...result, objectives })) };
  });
}

function build(trials: readonly Trial[], number = 0) {
  return ParetoSurrogate.build({
    space,
    number,
    trials,
    rungs: [1],
    encode: ({ params }) => space.encode(params),
    fits: new FitCache(),
  });
}

const gauss = (rng: Rng) =>
  Math.sqrt(-2 * Math.log(1 - rng.uniform())) * Math.cos(2 * Math.PI * rng.uniform());

test('the expected gain over the strips is the mean gain of hypervolume', (t) => {
  const front: Pair[] = [
    [1, 5],
    [2, 3],
    [4, 1],
  ];
  const reference: Pair = [6, 7];
  const strips = stripsOf(front, reference);
  const [[x, dx], [y, dy]] = [
    [2.5, 1.2],
    [3, 1.5],
  ] as const;
  let expected = 0;
  let left = 0;
  for (const { end, height } of strips) {
    const right = expectedExcess(x, dx, end);
    expected += (right - left) * expectedExcess(y, dy, height);
    left = right;
  }
  const rng = Rng.at(1, 1);
  const before = hypervolume(front, reference);
  const n = 60_000;
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const point: Pair = [x + dx * gauss(rng), y + dy * gauss(rng)];
    sum += hypervolume([...front, point], reference) - before;
  }
  t.true(Math.abs(sum / n - expected) < 0.03 * expected, `${sum / n} is not ${expected}`);
});

test('strips end at the points of the front and at the reference; dominated points make none', (t) => {
  t.deepEqual(
    stripsOf(
      [
        [1, 4],
        [2, 4],
        [3, 2],
      ],
      [5, 6],
    ),
    [
      { end: 1, height: 6 },
      { end: 3, height: 4 },
      { end: 5, height: 2 },
    ],
  );
  t.deepEqual(stripsOf([], [5, 6]), [{ end: 5, height: 6 }]);
});

test('a candidate that moves the front scores higher than one behind it', (t) => {
  const model = build(randomTrials(30));
  if (model === undefined) return t.fail('no model');
  const [moves = 0, behind = 0] = model.scores([at(0.5, 0), at(0.5, 0.6)]);
  t.true(moves > behind + 3, `${moves} against ${behind}`);
});

test('successive trials look around other configurations of the front', (t) => {
  const trials = randomTrials(30);
  const seen = new Set([0, 1, 2, 3].map((number) => build(trials, number)?.incumbent.join()));
  t.true(seen.size > 1);
});

test('a candidate that breaks a constraint scores lower than its mirror image', (t) => {
  const model = build(randomTrials(40, (x) => Math.max(0, x - 0.6)));
  if (model === undefined) return t.fail('no model');
  const [held = 0, broken = 0] = model.scores([at(0.2, 0.02), at(0.8, 0.02)]);
  t.true(held > broken + 1, `${held} against ${broken}`);
});

test('there is no model while no trial holds the constraints, or of a large study', (t) => {
  t.is(build(randomTrials(30, () => 1)), undefined);
  t.is(build(randomTrials(2049)), undefined);
});
