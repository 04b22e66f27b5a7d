import test from 'ava';
import { truncateTokens } from '../../ts/tasks/truncate.js';

const tokens = Int32Array.of(1, 2, 3, 4, 5, 6, 7);

test('the head is the first tokens, the middle cut keeps both ends, an odd one at the front', (t) => {
  t.deepEqual([...truncateTokens(tokens, 3, 'head')], [1, 2, 3]);
  t.deepEqual([...truncateTokens(tokens, 4, 'middle')], [1, 2, 6, 7]);
  t.deepEqual([...truncateTokens(tokens, 3, 'middle')], [1, 2, 7]);
  t.deepEqual([...truncateTokens(tokens, 1, 'middle')], [1]);
});

test('what fits stays as it is', (t) => {
  t.is(truncateTokens(tokens, 7, 'middle'), tokens);
});
