import test from 'ava';
import { IncumbentRanking } from '../../ts/search/incumbent-ranking.js';
import { Rng } from '../../ts/search/rng.js';
import { resultAt, type Trial } from '../../ts/search/trial.js';
import { SearchSpace } from '../../ts/space/search-space.js';
import { trialOf } from '../helpers/trials.js';

const space = SearchSpace.parse({
  properties: {
    x: { type: 'number', minimum: 0, maximum: 1 },
    y: { type: 'number', minimum: 0, maximum: 1 },
  },
});
const rungs = [1, 3, 9];
const worth = ({ params }: Trial) =>
  (Number(params['x']) - 0.4) ** 2 + (Number(params['y']) - 0.6) ** 2;

/** Trials on a bowl; the best third reaches each next rung; noise falls with the resource. */
function bowlTrials(seed: number, noise: number): Trial[] {
  const rng = Rng.at(seed, 1);
  const gauss = () => rng.uniform() + rng.uniform() + rng.uniform() - 1.5;
  return Array.from({ length: 60 }, (_, i) => {
    const params = { x: rng.uniform(), y: rng.uniform() };
    const value = worth(trialOf(i, [], { params }));
    const depth = value < 0.08 ? 3 : value < 0.2 ? 2 : 1;
    const values = rungs
      .slice(0, depth)
      .map((rung) => value + (2 * noise * gauss()) / Math.sqrt(rung));
    return trialOf(i, values, { rungs, params });
  });
}

function rawOrder(trials: readonly Trial[]): Trial[] {
  const value = (trial: Trial) => resultAt(trial, 9)?.value ?? Number.POSITIVE_INFINITY;
  return trials
    .filter((trial) => resultAt(trial, 9) !== undefined)
    .sort((a, b) => value(a) - value(b));
}

test('on a noisy bowl the named trials are better than the luckiest ones', (t) => {
  let [named, lucky] = [0, 0];
  for (let seed = 0; seed < 40; seed++) {
    const trials = bowlTrials(seed, 0.15);
    const raw = rawOrder(trials);
    const [first] = new IncumbentRanking(space, rungs).rank(trials, raw);
    named += first ? worth(first) : 1;
    lucky += raw[0] ? worth(raw[0]) : 1;
  }
  t.true(named < 0.95 * lucky, `${named} against ${lucky}`);
});

test('without noise the order is that of the values', (t) => {
  const trials = bowlTrials(1, 0);
  const raw = rawOrder(trials);
  t.is(new IncumbentRanking(space, rungs).rank(trials, raw)[0], raw[0]);
});

test('with one rung, or few full evaluations, the order is that of the values', (t) => {
  const trials = bowlTrials(2, 0.1);
  const raw = rawOrder(trials);
  t.is(new IncumbentRanking(space, [9]).rank(trials, raw), raw);
  t.deepEqual(new IncumbentRanking(space, rungs).rank(trials, raw.slice(0, 3)), raw.slice(0, 3));
});

test('a trial that breaks a constraint is never moved to the front', (t) => {
  const trials = bowlTrials(3, 0.1).map((trial) =>
    worth(trial) < 0.02
      ? { ...trial, results: trial.results.map((result) => ({ ...result, violation: 1 })) }
      : trial,
  );
  const raw = rawOrder(trials).sort(
    (a, b) => (resultAt(a, 9)?.violation ?? 0) - (resultAt(b, 9)?.violation ?? 0),
  );
  const ranked = new IncumbentRanking(space, rungs).rank(trials, raw);
  t.is(resultAt(ranked[0] ?? trials[0] ?? trialOf(0, []), 9)?.violation, 0);
  t.deepEqual(new Set(ranked), new Set(raw));
});
