import test from 'ava';
import { liveLines } from '../../../ts/cli/view/live.js';
import { initialState, reduce } from '../../../ts/cli/view/state.js';
import { recordedEvents } from '../../helpers/recorded-tune.js';

const at = (count: number) => recordedEvents.slice(0, count).reduce(reduce, initialState);

test('before the first event there is nothing to show', (t) => {
  t.deepEqual(liveLines(initialState, 80, 0), []);
});

test('a phase shows its progress and the time left', (t) => {
  t.deepEqual(liveLines(at(3), 100, 0), [
    'prefilling the contexts (search)  [######..................] 1/4 contexts, 3.0s, about 9.0s left',
  ]);
});

test('a search shows trials by state and rung, the best so far, and times', (t) => {
  t.deepEqual(liveLines(at(13), 200, 65_000).slice(1), [
    'hash_attention  [############............] 13/27 trials, 1m 05s, about 30.0s left  (hash_attention-1a2b)',
    '  3 running, 2 complete, 10 pruned, 1 failed; trials by questions: 14 at 4, 5 at 11, 2 at 32',
    '  best: trial 7, KL 0.0200, density 8.0%, accuracy 0.750  heavyFraction=0.05123',
    'searching hash_attention  1m 05s',
  ]);
});

test('a search for two objectives shows how long its front is', (t) => {
  const state = at(13);
  const line = (front: number) => {
    const search = state.search && { ...state.search, front };
    return liveLines({ ...state, ...(search && { search }) }, 200, 0)[3];
  };
  t.is(line(0), '  no trial holds the constraint yet');
  t.is(line(1), '  front: 1 trial that none beats in both');
  t.is(line(5), '  front: 5 trials that none beats in both');
});

test('no line is wider than the terminal', (t) => {
  for (let count = 0; count <= recordedEvents.length; count++) {
    for (const width of [20, 40, 80]) {
      t.true(liveLines(at(count), width, 0).every((line) => line.length <= width));
    }
  }
});
