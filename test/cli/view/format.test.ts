import test from 'ava';
import {
  amount,
  budgetText,
  bytes,
  duration,
  fitLine,
  number,
  parameter,
  percent,
  range,
} from '../../../ts/cli/view/format.js';

test('durations read as people say them', (t) => {
  t.deepEqual([0, 950, 59_940, 59_960, 65_000, 3_599_600, 7_440_000].map(duration), [
    '0.0s',
    '0.9s',
    '59.9s',
    '1m 00s',
    '1m 05s',
    '1h 00m',
    '2h 04m',
  ]);
});

test('numbers keep three digits', (t) => {
  t.deepEqual([0, 0.0000012, 0.0213, 1.5, 12.345, 12345.6, Number.NaN].map(number), [
    '0',
    '1.2e-6',
    '0.0213',
    '1.50',
    '12.3',
    '12346',
    'NaN',
  ]);
});

test('shares, sizes and parameters', (t) => {
  t.deepEqual([0, 0.0123, 0.0812, 0.9996, 1].map(percent), ['0%', '1.2%', '8.1%', '100%', '100%']);
  t.deepEqual([12, 1500, 98_362_432, 2e10].map(bytes), ['12 B', '1.5 kB', '98.4 MB', '20.0 GB']);
  t.deepEqual([3, 0.123456, 'keys', null, [1]].map(parameter), [
    '3',
    '0.1235',
    'keys',
    'null',
    '[1]',
  ]);
});

test('a long line is cut with a mark', (t) => {
  t.is(fitLine('abcdef', 6), 'abcdef');
  t.is(fitLine('abcdef', 4), 'abc…');
});

test('amounts and ranges are short', (t) => {
  t.deepEqual([27, 0.05, 1.234, 12.34, 123.4].map(amount), ['27', '0.05', '1.2', '12.3', '123']);
  t.is(range([], percent), '');
  t.is(range([0.0101, 0.0104], percent), '1.0%');
  t.is(range([0.2, 0.01], percent), '1.0%..20.0%');
});

test('a budget reads as what may be spent', (t) => {
  t.is(budgetText({ budget: { trials: 1 } }), '1 trial');
  t.is(
    budgetText({ budget: { questions: 2000, minutes: 1.5 }, patience: 9 }),
    '2000 questions or 1.5 minutes, patience 9',
  );
});
