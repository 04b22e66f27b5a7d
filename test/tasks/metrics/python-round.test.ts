import test from 'ava';
import {
  mean,
  meanAsNumpy,
  roundAsNumpy,
  roundHalfEven,
} from '../../../ts/tasks/metrics/python-round.js';

// Values of Python 3.11 and NumPy.
const roundings: [number, number, number, number][] = [
  [0.125, 2, 0.12, 0.12],
  [0.375, 2, 0.38, 0.38],
  [2.5, 0, 2, 2],
  [3.5, 0, 4, 4],
  [-2.5, 0, -2, -2],
  [2.675, 2, 2.67, 2.68],
  [2.665, 2, 2.67, 2.66],
  [1.005, 2, 1, 1],
  [66.66666666666667, 2, 66.67, 66.67],
  [0.00005, 4, 0.0001, 0],
  [0.15, 1, 0.1, 0.2],
  [0.25, 1, 0.2, 0.2],
  [100, 2, 100, 100],
];

for (const [x, digits, python, numpy] of roundings) {
  test(`${x} to ${digits} digits is ${python} in Python and ${numpy} in NumPy`, (t) => {
    t.is(roundHalfEven(x, digits), python);
    t.is(roundAsNumpy(x, digits), numpy);
  });
}

test('what has no fraction stays', (t) => {
  t.is(roundHalfEven(1e300, 2), 1e300);
  t.is(roundHalfEven(Number.POSITIVE_INFINITY, 2), Number.POSITIVE_INFINITY);
});

test('a mean of nothing is null', (t) => {
  t.is(mean([]), null);
  t.is(meanAsNumpy([]), null);
});

test('NumPy sums pairwise', (t) => {
  // numpy.mean([0.1] * n) and sum([0.1] * n) / n
  t.is(meanAsNumpy(Array(7).fill(0.1)), 0.09999999999999999);
  t.is(meanAsNumpy(Array(10).fill(0.1)), 0.1);
  t.is(mean(Array(10).fill(0.1)), 0.09999999999999999);
  t.is(meanAsNumpy(Array(300).fill(0.1)), 0.09999999999999999);
  t.is(mean(Array(300).fill(0.1)), 0.10000000000000052);
});
