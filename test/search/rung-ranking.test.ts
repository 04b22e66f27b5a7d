import test from 'ava';
import fc from 'fast-check';
import { RungRanking } from '../../ts/search/rung-ranking.js';
import { compareEvaluations, resultAt, type Trial } from '../../ts/search/trial.js';
import { trialOf } from '../helpers/trials.js';

/** The specification: everything sorted anew. */
function sortedAt(trials: readonly Trial[], resource: number): readonly Trial[] {
  const known = trials.filter((trial) => resultAt(trial, resource) !== undefined);
  const failed = trials.filter(({ state, target }) => state === 'failed' && target === resource);
  const value = (trial: Trial) => resultAt(trial, resource) ?? { value: 0, violation: 0 };
  known.sort((a, b) => compareEvaluations(value(a), value(b)) || a.number - b.number);
  return [...known, ...failed.sort((a, b) => a.number - b.number)];
}

const trials = fc
  .array(
    fc.record({
      values: fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 3 }),
      isFailed: fc.boolean(),
      violation: fc.constantFrom(0, 0, 1),
    }),
    { maxLength: 200 },
  )
  .map((list) =>
    list.map(({ values, isFailed, violation }, number) =>
      trialOf(number, values, { violation, failed: isFailed && values.length < 3 }),
    ),
  );

test('trials that come one by one or in crowds are in the order of a full sort', (t) => {
  fc.assert(
    fc.property(trials, fc.integer({ min: 1, max: 150 }), (list, every) => {
      const ranking = new RungRanking();
      list.forEach((trial, i) => {
        for (const { resource } of trial.results) ranking.add(trial, resource);
        if (trial.state === 'failed') ranking.add(trial, trial.target);
        if (i % every > 0) return;
        for (const resource of [1, 3, 9])
          t.deepEqual(ranking.at(resource), sortedAt(list.slice(0, i + 1), resource));
      });
      for (const resource of [1, 3, 9]) {
        t.deepEqual(ranking.at(resource), sortedAt(list, resource));
        t.deepEqual(RungRanking.of(list).at(resource), sortedAt(list, resource));
      }
    }),
    { numRuns: 100, seed: 2 },
  );
});

test('the best are of the highest rung that a trial reached and did not fail after', (t) => {
  const list = [
    trialOf(0, [5, 4]),
    trialOf(1, [1]),
    trialOf(2, [9, 3]),
    trialOf(3, [0, 0], { failed: true }),
    trialOf(4, [], { failed: true }),
  ];
  t.deepEqual(
    RungRanking.of(list)
      .best()
      .map(({ number }) => number),
    [2, 0],
  );
  t.deepEqual(RungRanking.of([]).best(), []);
  t.deepEqual(RungRanking.of([trialOf(0, [1], { failed: true })]).best(), []);
});
