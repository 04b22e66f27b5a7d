import test from 'ava';
import { Rng } from '../../ts/tasks/rng.js';

test('the same parts give the same stream, other parts another', (t) => {
  const draw = (...parts: (string | number)[]) => {
    const rng = new Rng(...parts);
    return Array.from({ length: 5 }, () => rng.uint32());
  };
  t.deepEqual(draw('a', 1), draw('a', 1));
  t.notDeepEqual(draw('a', 1), draw('a', 2));
  t.notDeepEqual(draw('a', 1), draw('a', '1'));
});

test('integers are uniform over both bounds', (t) => {
  const rng = new Rng('uniform');
  const counts = new Array<number>(6).fill(0);
  for (let i = 0; i < 60_000; i++) {
    const face = rng.integer(0, 5);
    counts[face] = (counts[face] ?? 0) + 1;
  }
  // Chi-square with 5 degrees of freedom: above 39 once in five million.
  const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
  t.true(chiSquare < 39, `chi-square ${chiSquare}`);
});

test('a shuffle keeps every item and leaves its input alone', (t) => {
  const items = Object.freeze(Array.from({ length: 50 }, (_, i) => i));
  const shuffled = new Rng('shuffle').shuffle(items);
  t.notDeepEqual(shuffled, [...items]);
  t.deepEqual(
    shuffled.sort((a, b) => a - b),
    [...items],
  );
});
