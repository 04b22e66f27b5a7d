import test from 'ava';
import { bestTrialsForModel, recall, resultBefore } from '../../ts/search/recall.js';
import { Rng } from '../../ts/search/rng.js';
import type { Trial } from '../../ts/search/trial.js';
import { trialOf } from '../helpers/trials.js';

const rng = Rng.at(7, 7);
const many = Array.from({ length: 20_000 }, (_, i) =>
  i % 50 === 7
    ? trialOf(i, [], { failed: true })
    : trialOf(i, [rng.uniform(), 1].slice(0, 1 + (i % 3 === 0 ? 1 : 0))),
);
const numbers = (trials: readonly Trial[]) => trials.map(({ number }) => number);

test('a study of usual size is recalled whole', (t) => {
  const few = many.slice(0, 2000);
  t.is(recall(few), few);
});

test('of a large study at most some 1,300 trials are recalled, failed ones among them', (t) => {
  const known = recall(many);
  t.true(known.length > 700 && known.length < 1300, `${known.length}`);
  t.true(known.some(({ state }) => state === 'failed'));
  t.deepEqual(
    numbers(known),
    numbers(known).toSorted((a, b) => a - b),
  );
});

test('the best trials of a large study and those that run are recalled', (t) => {
  const running = trialOf(20_000, [], { running: true });
  const lowest = trialOf(20_001, [-1, -1, -1]);
  const known = recall([...many, running, lowest]);
  t.true(known.includes(running));
  t.true(known.includes(lowest));
});

test('what was recalled of a moment stays the same while the study does not double', (t) => {
  const order = many[17_000]?.results[0]?.order ?? 0;
  const early = many.slice(0, 17_000);
  const known = new Set(recall(many, order));
  t.true(recall(early, order).every((trial) => known.has(trial)));
});

test('the best trials are those that a sort puts first', (t) => {
  const few = many.slice(0, 600);
  const sorted = few
    .filter(({ state }) => state !== 'failed')
    .toSorted((a, b) => {
      const [x, y] = [a.results.at(-1), b.results.at(-1)];
      return (y?.resource ?? 0) - (x?.resource ?? 0) || (x?.value ?? 0) - (y?.value ?? 0);
    });
  t.deepEqual(numbers(bestTrialsForModel(few, 40)), numbers(sorted.slice(0, 40)));
});

test('the last result before a moment is found', (t) => {
  const trial = trialOf(4, [9, 8, 7]);
  t.is(resultBefore(trial, 12), undefined);
  t.is(resultBefore(trial, 14)?.value, 8);
  t.is(resultBefore(trial, Number.POSITIVE_INFINITY)?.value, 7);
});
