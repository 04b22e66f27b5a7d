import test from 'ava';
import { Rng } from '../../ts/tasks/rng.js';
import { adjectives, drawKeys, nouns } from '../../ts/tasks/words.js';

test('the word lists are large, lower case and free of repeats', (t) => {
  t.true(adjectives.length >= 300 && nouns.length >= 600);
  for (const list of [adjectives, nouns]) {
    t.is(new Set(list).size, list.length);
    t.true(list.every((word) => /^[a-z]+$/.test(word)));
  }
});

test('drawn keys are distinct', (t) => {
  const keys = drawKeys(new Rng('keys'), 500);
  t.is(new Set(keys).size, 500);
  t.true(keys.every((key) => /^[a-z]+-[a-z]+$/.test(key)));
});
