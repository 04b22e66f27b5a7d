import test from 'ava';
import { noiseLine, weaveNoise } from '../../ts/tasks/haystack.js';

test('needles lie where they were put, in any order given', (t) => {
  const { text, depths } = weaveNoise(4, [
    { sentence: 'late', noiseBefore: 3 },
    { sentence: 'first', noiseBefore: 0 },
    { sentence: 'half', noiseBefore: 2 },
  ]);
  t.deepEqual(text.split('\n'), [
    'first',
    noiseLine,
    noiseLine,
    'half',
    noiseLine,
    'late',
    noiseLine,
  ]);
  t.deepEqual(depths, [5 / 7, 0, 3 / 7]);
});

test('no needles give only noise', (t) => {
  t.is(weaveNoise(2, []).text, `${noiseLine}\n${noiseLine}`);
});
