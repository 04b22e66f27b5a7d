import test from 'ava';
import { benchLibrary } from '../helpers/bench-library.js';

const { correlation, expectedLowest, mean, meanInterval, median, ranks } =
  await benchLibrary('statistics');
const ascending = (a: number, b: number) => a - b;

test('the median of an even number of values is the mean of the middle two', (t) => {
  t.is(median([9, 1, 5]), 5);
  t.is(median([9, 1, 5, 2]), 3.5);
});

test('equal values share their mean rank', (t) => {
  t.deepEqual(ranks([30, 10, 20, 20], ascending), [4, 1, 2.5, 2.5]);
});

test("the correlation of ranks is Spearman's", (t) => {
  const of = (values: number[]) => ranks(values, ascending);
  const isNear = (a: number, b: number) => Math.abs(a - b) < 1e-12;
  t.true(isNear(correlation(of([1, 2, 3, 4]), of([1, 10, 100, 1000])), 1));
  t.true(isNear(correlation(of([1, 2, 3, 4]), of([4, 3, 2, 1])), -1));
  // 1 - 6 sum d^2 / (n (n^2 - 1)) with d = (0, 1, -1, 0)
  t.true(isNear(correlation(of([1, 2, 3, 4]), of([1, 3, 2, 4])), 0.8));
});

test('the expected lowest is that of draws without replacement', (t) => {
  t.true(Math.abs(expectedLowest([3, 1, 2], 2) - 4 / 3) < 1e-12); // of three pairs two hold the 1
  t.is(expectedLowest([3, 1, 2], 3), 1);
  t.is(expectedLowest([3, 1, 2], 1), 2);
});

test('draws without a finite value do not count in the expected lowest', (t) => {
  const infinite = Number.POSITIVE_INFINITY;
  t.is(expectedLowest([1, infinite, 3, infinite], 1), 2);
});

test('the interval of a mean holds it and is narrow where nothing varies', (t) => {
  t.deepEqual(meanInterval([2, 2, 2]), [2, 2]);
  const values = [0, 1, 0, 1, 1, 0, 1, 0];
  const [low, high] = meanInterval(values);
  t.true(low > 0 && low < mean(values) && high > mean(values) && high < 1);
});
