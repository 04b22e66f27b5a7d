import test from 'ava';
import {
  answerMetric,
  answerMetricNames,
  benchmarkScale,
  subsetMetric,
} from '../../../ts/tasks/metrics/registry.js';

test('every metric scores any answer from 0 to 1 and never throws', (t) => {
  const texts = [
    '',
    ' ',
    '\0',
    '{',
    '[1,2]',
    "{'a': 1}",
    '1'.repeat(5000),
    '\\boxed{²}',
    '😀A',
    '\ud800',
    '('.repeat(1e5),
  ];
  for (const name of answerMetricNames) {
    const metric = answerMetric(name);
    for (const prediction of texts) {
      for (const references of [[], ...texts.map((text) => [text]), texts]) {
        const score = metric(prediction, references);
        t.true(score >= 0 && score <= 1, `${name} of ${prediction.slice(0, 20)}: ${score}`);
      }
    }
  }
});

test('a right answer scores 1 in every metric', (t) => {
  const others: Record<string, [string, string[]]> = {
    code_debug: ['C', ['func', 'C']],
    choice_a_to_d: ['C', ['C']],
    correct_answer_letter: ['The correct answer is (C)', ['C']],
    math_calc: ['[1, 2]', ['1', '2']],
    cloze_exact: ['{"a": "x"}', ['{"a": "x"}']],
    cloze_partial: ['{"a": "x"}', ['{"a": "x"}']],
    paragraph_number: ['7', ['Paragraph 7']],
    paragraph_number_zh: ['7', ['段落7']],
    bleu_4: ['a b c d', ['a b c d']],
    rouge_2_recall: ['a b', ['a b']],
  };
  for (const name of answerMetricNames) {
    const [prediction, references] = others[name] ?? ['7', ['7']];
    const score = answerMetric(name)(prediction, references, { classes: ['7'] });
    t.true(score > 0.99999999 && score <= 1, `${name}: ${score}`);
  }
});

test('a metric of a subset depends on benchmark and subset', (t) => {
  t.is(subsetMetric('ruler', 'qa_2')('x', ['x', 'y']), 1);
  t.is(subsetMetric('ruler', 'vt')('x', ['x', 'y']), 0.5);
  t.is(subsetMetric('longbench', 'trec_e'), subsetMetric('longbench', 'trec'));
  t.is(subsetMetric('longbench', 'triviaqa')('\n\ncat\ndog', ['cat']), 1);
  t.true(subsetMetric('longbench', 'qasper')('\n\ncat\ndog', ['cat']) < 1);
  t.is(subsetMetric('aime2025', '')('\\boxed{007}', ['7']), 0);
  t.is(subsetMetric('aime2024', '')('\\boxed{007}', ['7']), 1);
});

test('an unknown name is refused with those that are known', (t) => {
  const refused = { code: 'ERR_TASK', instanceOf: Error };
  t.regex(t.throws(() => answerMetric('meteor'), refused).message, /token_f1.*"meteor"/);
  t.throws(() => answerMetric('constructor'), refused);
  t.regex(t.throws(() => subsetMetric('zero_scrolls', 'qmsum'), refused).message, /longbench_v2/);
  t.regex(t.throws(() => subsetMetric('longbench', 'dureader'), refused).message, /qasper/);
  t.throws(() => subsetMetric('infinite_bench', 'passkeys'), refused);
  t.throws(() => benchmarkScale('longbenchv2'), refused);
});
