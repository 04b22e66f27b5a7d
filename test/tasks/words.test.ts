import test from 'ava';
import { Rng } from '../../ts/tasks/rng.js';
import {
  adjectives,
  commonWords,
  drawKeys,
  drawNumbers,
  drawUuid,
  nouns,
  verbs,
} from '../../ts/tasks/words.js';

test('the word lists are large, lower case and free of repeats', (t) => {
  t.true(adjectives.length >= 300 && nouns.length >= 600 && verbs.length >= 200);
  for (const list of [adjectives, nouns, verbs, commonWords]) {
    t.is(new Set(list).size, list.length);
    t.true(list.every((word) => /^[a-z]+$/.test(word)));
  }
});

test('drawn keys are distinct', (t) => {
  const keys = drawKeys(new Rng('keys'), 500);
  t.is(new Set(keys).size, 500);
  t.true(keys.every((key) => /^[a-z]+-[a-z]+$/.test(key)));
});

test('numbers have seven digits, UUIDs the bits of version 4, none twice', (t) => {
  const numbers = drawNumbers(new Rng('numbers'), 300);
  t.true(numbers.every((number) => /^[1-9]\d{6}$/.test(number)));
  const rng = new Rng('uuids');
  const uuids = Array.from({ length: 300 }, () => drawUuid(rng));
  const form = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  t.true(uuids.every((uuid) => form.test(uuid)));
  t.is(new Set([...numbers, ...uuids]).size, 600);
  // Every digit that is free takes every value.
  for (const place of [0, 7, 9, 15, 20, 24, 35])
    t.is(new Set(uuids.map((uuid) => uuid[place])).size, 16);
  t.is(new Set(uuids.map((uuid) => uuid[19])).size, 4);
});
