import test from 'ava';
import { distinctPlaces, noise, weave } from '../../ts/tasks/haystack.js';

test('needles lie where they were put, in any order given', (t) => {
  const { units, depths } = weave(
    ['a', 'b', 'c', 'd'],
    [
      { text: 'late', before: 3 },
      { text: 'first', before: 0 },
      { text: 'half', before: 2 },
      { text: 'half too', before: 2 },
    ],
  );
  t.deepEqual(units, ['first', 'a', 'b', 'half', 'half too', 'c', 'late', 'd']);
  t.deepEqual(depths, [6 / 8, 0, 3 / 8, 4 / 8]);
});

test('no needles give only hay, and a needle beyond the hay is the last', (t) => {
  t.deepEqual(weave(noise(2), []).units, noise(2));
  t.deepEqual(weave(['a'], [{ text: 'end', before: 9 }]).units, ['a', 'end']);
});

test('places are distinct, keep the order of their draws and reach both ends', (t) => {
  t.deepEqual(distinctPlaces([0.999, 0, 0.5], 3), [2, 0, 1]);
  t.deepEqual(distinctPlaces([0.999, 0, 0.001], 1000), [999, 0, 1]);
  t.deepEqual(distinctPlaces([0.4], 10), [4]);
});
