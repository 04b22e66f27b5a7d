import test from 'ava';
import { anyPreset } from '../../ts/maskers/any-preset.js';
import { getPreset } from '../../ts/maskers/presets.js';
import { RungRanking } from '../../ts/search/rung-ranking.js';
import type { Trial } from '../../ts/search/trial.js';
import { candidatesOf } from '../../ts/tune/candidates.js';
import { trialOf } from '../helpers/trials.js';

const plain = { preset: getPreset('streaming_llm'), isPareto: false };

function numbers(trials: readonly Trial[], options: Parameters<typeof candidatesOf>[1] = plain) {
  const best = RungRanking.of(trials).best();
  return candidatesOf({ best, trials }, options).map(({ number }) => number);
}

test('the best five of the highest rung are candidates', (t) => {
  const trials = [7, 6, 5, 4, 3, 2, 1].map((value, i) => trialOf(i, [value, value, value]));
  t.deepEqual(numbers([...trials, trialOf(7, [0])]), [6, 5, 4, 3, 2]);
});

test('where none at the highest rung holds the constraint those that do lower down are tried', (t) => {
  const trials = [
    trialOf(0, [1, 1, 1], { violation: 0.01 }),
    trialOf(1, [1, 1, 1], { violation: 0.02 }),
    trialOf(2, [3]),
    trialOf(3, [9, 9]),
    trialOf(4, [2]),
    trialOf(5, [2], { violation: 1 }),
    trialOf(6, [1], { failed: true }),
  ];
  t.deepEqual(numbers(trials), [0, 3, 4, 2, 1]);
});

test('where none holds the constraint anywhere the nearest are tried', (t) => {
  const trials = [0.3, 0.1, 0.2].map((violation, i) => trialOf(i, [1, 1, 1], { violation }));
  t.deepEqual(numbers(trials), [1, 2, 0]);
});

test('of several methods each has a candidate', (t) => {
  const config = (name: string) => ({ params: { config: name } });
  const trials = [
    trialOf(0, [1, 1, 1], config('quest')),
    trialOf(1, [2, 2, 2], config('quest')),
    trialOf(2, [3], config('top_p')),
    trialOf(3, [4], config('top_p')),
  ];
  t.deepEqual(numbers(trials, { preset: anyPreset(), isPareto: false }), [0, 1, 2]);
});
