import test from 'ava';
import { loadAddon } from '../../ts/native/addon.js';

const { governThreads } = loadAddon();

/** Threads used for each batch, each given as the share of its threads' time that it got. */
function threadsFor(threads: number, shares: readonly number[], wall = 0.1): number[] {
  const used: number[] = [];
  const seconds: number[] = [];
  for (const share of shares) {
    const next = governThreads(threads, Float64Array.from(seconds)).at(-1) ?? 0;
    used.push(next);
    seconds.push(wall, share * next * wall);
  }
  used.push(governThreads(threads, Float64Array.from(seconds)).at(-1) ?? 0);
  return used;
}

test('threads that get their time are all used', (t) => {
  t.deepEqual(threadsFor(4, [1, 0.9, 1]), [4, 4, 4, 4]);
});

test('one starved batch is forgiven, two in a row halve the threads', (t) => {
  t.deepEqual(threadsFor(4, [0.5, 1, 0.5, 1]), [4, 4, 4, 4, 4]);
  t.deepEqual(threadsFor(4, [0.5, 0.5, 0.5, 0.5, 0.5]), [4, 4, 2, 2, 1, 1]);
});

test('one thread stays one', (t) => {
  t.deepEqual(threadsFor(1, [0.3, 0.3, 0.3]), [1, 1, 1, 1]);
});

test('all threads are tried again after a while, and a longer while after each failure', (t) => {
  const shares = (used: number[]) => (used.at(-1) === 2 ? 0.5 : 1);
  const used = [2];
  const seconds: number[] = [];
  for (let batch = 0; batch < 80; batch++) {
    seconds.push(0.1, shares(used) * (used.at(-1) ?? 0) * 0.1);
    used.push(governThreads(2, Float64Array.from(seconds)).at(-1) ?? 0);
  }
  const tries = used.flatMap((threads, batch) => (threads === 2 ? [batch] : []));
  const waits = tries.slice(1).map((batch, i) => batch - (tries[i] ?? 0));
  t.true(tries.length >= 3, String(tries));
  t.true(Math.max(...waits) > 20, String(waits));
  t.deepEqual(
    waits,
    waits.toSorted((a, b) => a - b),
  );
});

test('batches too short to judge change nothing', (t) => {
  t.deepEqual(threadsFor(2, [0.1, 0.1, 0.1, 0.1], 0.001), [2, 2, 2, 2, 2]);
});
