import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { type MetricResult, runMetrics } from './run-metrics.js';

const file = (name: string) =>
  fileURLToPath(new URL(`../../../../test/golden/${name}`, import.meta.url));
const counts: Record<string, number> = {
  'metrics.json': 1823,
  'metrics-adversarial.json': 428,
};

for (const [name, count] of Object.entries(counts)) {
  const results = runMetrics(file(name));
  for (const [metric, ofMetric] of groupByMetric(results)) {
    test(`${metric} gives what the hub gives in ${ofMetric.length} cases of ${name}`, (t) => {
      t.deepEqual(
        ofMetric.filter(({ failure }) => failure !== undefined),
        [],
      );
    });
  }
  test(`no case of ${name} is missing`, (t) => {
    t.is(results.length, count);
  });
}

test('a wrong value, a wrong member and an unknown metric are told', (t) => {
  const failures = runCases({
    'longbench.qa_f1': '[{"prediction": "ember", "reference": "ember", "expected": 0.999999}]',
    'loogle.bleu':
      '[{"prediction": "a", "reference": "a", "expected": {"bleu1": 1.0, "bleu4": 0.5}}]',
    'loogle.cloze_exact': '[{"prediction": "{}", "reference": "{\\"k\\": 1}", "expected": [1, 1]}]',
    'longbench.meteor': '[{"prediction": "a", "reference": "a", "expected": 1.0}]',
  });
  t.deepEqual(
    failures.map(({ title }) => title),
    ['longbench.qa_f1 0', 'loogle.bleu 0', 'loogle.cloze_exact 0', 'longbench.meteor 0'],
  );
  t.is(failures[0]?.failure, 'gave 1, not 0.999999, of {"prediction":"ember","reference":"ember"}');
  t.is(failures[3]?.failure, 'no metric is called "longbench.meteor"');
});

test('where the hub raises, a score is a failure', (t) => {
  const raising = (prediction: string) =>
    `[{"prediction": "${prediction}", "label": 14, "raises": "ValueError"}]`;
  t.is(runCases({ 'infinite_bench.math_find': raising('14.0') }).length, 0);
  t.is(runCases({ 'infinite_bench.math_find': raising('14') }).length, 1);
});

test('a label keeps its decimal point and its digits', (t) => {
  const expected = (label: string, prediction: string, score: string) =>
    `[{"prediction": "${prediction}", "label": ${label}, "expected": ${score}}]`;
  const find = 'infinite_bench.math_find';
  t.is(runCases({ [find]: expected('14.0', '14.0', '1.0') }).length, 0);
  t.is(runCases({ [find]: expected('14', '14.0', '0.0') }).length, 0);
  const run = 'infinite_bench.code_run';
  t.is(runCases({ [run]: expected('9007199254740993', '9007199254740993', '1.0') }).length, 0);
  t.is(runCases({ [run]: expected('9007199254740993', '9007199254740992', '0.0') }).length, 0);
});

test('an empty range of lengths may be null or NaN', (t) => {
  const scorer = (empty: string) =>
    `[{"task": "qasper", "predictions": ["a cat"], "references": [["cat"]], "lengths": [4000],
       "all_classes": null, "expected": {"0-4k": ${empty}, "4-8k": 100.0, "8k+": ${empty}}}]`;
  t.is(runCases({ 'longbench.scorer_e': scorer('null') }).length, 0);
  t.is(runCases({ 'longbench.scorer_e': scorer('NaN') }).length, 0);
  t.is(runCases({ 'longbench.scorer_e': scorer('0.0') }).length, 1);
});

function groupByMetric(results: readonly MetricResult[]): Map<string, MetricResult[]> {
  const groups = new Map<string, MetricResult[]>();
  for (const result of results) {
    groups.set(result.metric, [...(groups.get(result.metric) ?? []), result]);
  }
  return groups;
}

/** Failures of a file with the given lists of cases, by metric. */
function runCases(cases: Record<string, string>): MetricResult[] {
  const folder = mkdtempSync(join(tmpdir(), 'sparsetune-'));
  try {
    const lists = Object.entries(cases).map(([metric, list]) => `"${metric}": ${list}`);
    writeFileSync(join(folder, 'metrics.json'), `{"cases": {${lists.join()}}}`);
    return runMetrics(join(folder, 'metrics.json')).filter(({ failure }) => failure !== undefined);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
