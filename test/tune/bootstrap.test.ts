import test from 'ava';
import * as bootstrap from '../../ts/tune/bootstrap.js';

/** Of one task. */
const pairedInterval = (differences: readonly number[], contextOf: readonly number[]) =>
  bootstrap.pairedInterval([{ differences, contextOf }]);

const isClose = (a: number, b: number, error: number) => Math.abs(a - b) <= error;

test('equal differences leave no doubt', async (t) => {
  const interval = await pairedInterval([0.25, 0.25, 0.25, 0.25], [0, 0, 1, 1]);
  t.deepEqual(interval, { mean: 0.25, low: 0.25, high: 0.25 });
});

test('no difference anywhere is an interval of nothing', async (t) => {
  t.deepEqual(
    await pairedInterval(
      Array(64).fill(0),
      Array.from({ length: 64 }, (_, i) => i % 8),
    ),
    {
      mean: 0,
      low: 0,
      high: 0,
    },
  );
});

test('one question says nothing of its own spread', async (t) => {
  t.deepEqual(await pairedInterval([-1], [3]), { mean: -1, low: -1, high: -1 });
});

test('the same differences give the same interval', async (t) => {
  const differences = Array.from({ length: 40 }, (_, i) => Math.sin(i));
  const contextOf = differences.map((_, i) => i % 5);
  t.deepEqual(
    await pairedInterval(differences, contextOf),
    await pairedInterval(differences, contextOf),
  );
});

test('symmetric differences give an interval about zero', async (t) => {
  const differences = Array.from({ length: 64 }, (_, i) => (i % 2 === 0 ? 1 : -1));
  const { mean, low, high } = await pairedInterval(
    differences,
    differences.map((_, i) => i >> 3),
  );
  t.is(mean, 0);
  t.true(isClose(low, -high, 0.04), `${low}, ${high}`);
  // Contexts are all alike, so only the questions vary: 1.96 standard deviations of a mean of 64 signs.
  t.true(isClose(high, 1.96 / 8, 0.03), String(high));
});

test('in one context only the questions are drawn', async (t) => {
  // Quantiles of a binomial with n = 16 and p = 1/2: 4 and 12 of 16 (2.5 % and 97.5 %, mean 8).
  const differences = Array.from({ length: 16 }, (_, i) => (i < 8 ? 1 : 0));
  t.deepEqual(await pairedInterval(differences, Array(16).fill(0)), {
    mean: 0.5,
    low: 0.25,
    high: 0.75,
  });
});

test('questions of one context are not counted as independent', async (t) => {
  // Four contexts of 16 questions, alike within each: as uncertain as four questions.
  const contextOf = Array.from({ length: 64 }, (_, i) => i >> 4);
  const alike = contextOf.map((context) => (context < 2 ? 1 : 0));
  const few = await pairedInterval([1, 1, 0, 0], [0, 1, 2, 3]);
  t.deepEqual(await pairedInterval(alike, contextOf), few);
  t.deepEqual([few.low, few.high], [0, 1]);
  const spread = await pairedInterval(alike, Array(64).fill(0));
  t.true(spread.high - spread.low < 0.3);
});

test('contexts of unequal size weigh by their questions', async (t) => {
  const { mean, low, high } = await pairedInterval([1, 1, 1, 0], [0, 0, 0, 1]);
  t.is(mean, 0.75);
  t.deepEqual([low, high], [0, 1]);
});

test('of several tasks each is drawn by itself', async (t) => {
  // Within a task all is alike, so that nothing is left to chance; drawn together it would be one of two tasks or the other.
  const stratum = (difference: number) => ({
    differences: Array(16).fill(difference),
    contextOf: Array.from({ length: 16 }, (_, i) => i >> 2),
  });
  t.deepEqual(await bootstrap.pairedInterval([stratum(1), stratum(0)]), {
    mean: 0.5,
    low: 0.5,
    high: 0.5,
  });
});

test('tasks weigh the same, however many questions they have', async (t) => {
  const { mean, low, high } = await bootstrap.pairedInterval([
    { differences: [1], contextOf: [0] },
    { differences: Array(31).fill(0), contextOf: Array(31).fill(0) },
  ]);
  t.deepEqual([mean, low, high], [0.5, 0.5, 0.5]);
});

test('the variance of a mean over tasks is that of its tasks together', async (t) => {
  // 64 signs in each of two tasks: 1.96 standard deviations of a mean of 128 signs.
  const signs = (phase: number) => ({
    differences: Array.from({ length: 64 }, (_, i) => ((i + phase) % 2 === 0 ? 1 : -1)),
    contextOf: Array.from({ length: 64 }, (_, i) => i >> 3),
  });
  const { high } = await bootstrap.pairedInterval([signs(0), signs(1)]);
  t.true(isClose(high, 1.96 / Math.sqrt(128), 0.02), String(high));
});
