import test from 'ava';
import type { AnswerFacts, BenchmarkAnswer } from '../../../ts/tasks/metrics/metric.js';
import { benchmarkScale } from '../../../ts/tasks/metrics/registry.js';

test('RULER has percents of its tasks and their mean, rounded to 2', (t) => {
  const scores = benchmarkScale('ruler')([
    row('niah_multivalue', '1 2', ['1', '2', '3']),
    row('qa_1', 'Paris', ['paris', 'london']),
    row('qa_1', 'Rome', ['paris', 'london']),
  ]);
  t.deepEqual(scores, { niah_multivalue: 66.67, qa_1: 50, overall: 58.34 });
});

test('InfiniteBench has shares of its tasks and their mean, rounded to 4', (t) => {
  const scores = benchmarkScale('infinite_bench')([
    row('passkey', '012', ['012']),
    row('passkey', '12', ['012']),
    row('passkey', '12', ['012']),
    row('math_find', '14', ['14']),
  ]);
  t.deepEqual(scores, { passkey: 0.3333, math_find: 1, overall: 0.6667 });
});

test('labels that the hub cannot compare score: texts of code_run and math_find, name and letter of code_debug', (t) => {
  const scores = benchmarkScale('infinite_bench')([
    row('code_run', 'is -16', ['-16']),
    row('math_find', '7.5', ['7.5']),
    row('code_debug', 'C', ['func_a', 'C']),
  ]);
  t.deepEqual(scores, { code_run: 1, math_find: 1, code_debug: 1, overall: 1 });
});

test('LooGLE counts entries over all clozes and means the rest over rows', (t) => {
  const scores = benchmarkScale('loogle')([
    row('shortdep_cloze', "{'a': 'x y'}", ["{'a': 'x z', 'b': 'q'}"]),
    row('shortdep_cloze', "{'a': 'x'}", ["{'a': 'x'}"]),
    row('longdep_qa', 'the cat sat', ['the cat ran']),
    row('longdep_qa', '', ['the cat ran']),
  ]);
  t.deepEqual(scores, {
    'shortdep_cloze.exact_match': 0.3333,
    'shortdep_cloze.partial_match': 0.6667,
    'longdep_qa.bleu1': 0.3333,
    'longdep_qa.bleu4': 0,
    'longdep_qa.rouge1_r': 0.3333,
    'longdep_qa.rouge2_r': 0.25,
    'longdep_qa.rougeL_r': 0.3333,
    overall: 0.3333,
  });
});

test('a cloze that is no dict counts as one entry in exact matches', (t) => {
  const scores = benchmarkScale('loogle')([
    row('shortdep_cloze', 'no idea', ["{'a': 'x', 'b': 'q'}"]),
    row('shortdep_cloze', "{'a': 'x'}", ["{'a': 'x'}"]),
  ]);
  t.is(scores['shortdep_cloze.exact_match'], 0.5);
  t.is(scores['shortdep_cloze.partial_match'], 0.3333);
});

test('LongBench has percents, and ranges of length for subsets with _e', (t) => {
  const classes = ['City', 'Food'];
  const scores = benchmarkScale('longbench')([
    row('qasper', 'a cat', ['dog', 'cat']),
    row('trec_e', '\nCity\nFood', ['City'], { words: 3999, classes }),
    row('trec_e', 'City Food', ['City'], { words: 4000, classes }),
    row('passage_count_e', '1 2 3', ['3'], { words: 7999 }),
  ]);
  t.deepEqual(scores, {
    qasper: 100,
    'trec_e.0-4k': 100,
    'trec_e.4-8k': 50,
    'trec_e.8k+': null,
    'passage_count_e.0-4k': null,
    'passage_count_e.4-8k': 33.33,
    'passage_count_e.8k+': null,
    'overall.0-4k': 100,
    'overall.4-8k': 41.66,
    'overall.8k+': null,
    overall: 100,
  });
});

test('a subset of LongBench without a metric is null and not in the mean', (t) => {
  const scores = benchmarkScale('longbench')([row('dureader', 'x', ['x']), row('lcc', 'x', ['x'])]);
  t.deepEqual(scores, { dureader: null, lcc: 100, overall: 100 });
});

test('LongBench-v2 has percents by difficulty and length, rounded to 1', (t) => {
  const answer = (letter: string, facts: AnswerFacts) =>
    row('0shot', `The correct answer is (${letter})`, ['A'], facts);
  const scores = benchmarkScale('longbench_v2')([
    answer('A', { difficulty: 'easy', length: 'short' }),
    answer('B', { difficulty: 'easy', length: 'short' }),
    answer('A', { difficulty: 'easy', length: 'long' }),
  ]);
  t.deepEqual(scores, {
    overall: 66.7,
    easy: 66.7,
    hard: null,
    short: 50,
    medium: null,
    long: 100,
  });
});

test('AIME has right answers and extracted ones, rounded to 4', (t) => {
  const answers = [
    row('', '\\boxed{033}', ['33']),
    row('', 'boxed{33}', ['33']),
    row('', 'none', ['33']),
  ];
  t.deepEqual(benchmarkScale('aime2024')(answers), {
    overall: 0.6667,
    extraction_success_rate: 0.6667,
  });
  t.deepEqual(benchmarkScale('aime2025')(answers), {
    overall: 0.3333,
    extraction_rate: 0.6667,
    boxed_format_rate: 0.6667,
  });
});

test('ZeroSCROLLS has the mean length in code points', (t) => {
  const scores = benchmarkScale('zero_scrolls')([
    row('qmsum', 'a😀', []),
    row('qmsum', 'abc', []),
    row('squality', '', []),
  ]);
  t.deepEqual(scores, {
    'qmsum.response_length': 2.5,
    'squality.response_length': 0,
    overall: null,
  });
});

for (const benchmark of [
  'ruler',
  'infinite_bench',
  'loogle',
  'longbench',
  'longbench_v2',
  'aime2024',
  'aime2025',
  'zero_scrolls',
]) {
  test(`${benchmark} measures nothing on no answers`, (t) => {
    t.true(Object.values(benchmarkScale(benchmark)([])).every((score) => score === null));
  });
}

function row(
  subset: string,
  prediction: string,
  references: readonly string[],
  facts?: AnswerFacts,
): BenchmarkAnswer {
  return { subset, prediction, references, facts };
}
