import test from 'ava';
import { SparseTuneError } from '../../ts/errors.js';
import { orientObjective, parseObjective, valueObjective } from '../../ts/search/objective.js';

const metrics = { kl: 0.2, density: 0.125, outputError: 0.5, accuracy: 0.75, attentionMs: 3 };

const reads = test.macro({
  exec(t, text: string | undefined, canonical: string, value: number, violation: number) {
    const objective = parseObjective(text);
    t.is(objective.text, canonical);
    t.is(parseObjective(canonical).text, canonical);
    const evaluation = objective.evaluate(metrics);
    t.true(Math.abs(evaluation.value - value) < 1e-12, `${evaluation.value}`);
    t.true(Math.abs(evaluation.violation - violation) < 1e-12, `${evaluation.violation}`);
  },
  title: (_, text = 'the default') => `${text} is evaluated`,
});

test(reads, undefined, 'kl s.t. density<=0.1', 0.2, 0.025);
test(reads, 'kl s.t. density<=0.2', 'kl s.t. density<=0.2', 0.2, 0);
test(reads, '  density  s.t.  kl <= 0.05 ', 'density s.t. kl<=0.05', 0.125, 0.15);
test(
  reads,
  'attentionMs s.t. kl<=0.1, density<=0.1',
  'attentionMs s.t. kl<=0.1, density<=0.1',
  3,
  1 + 0.25,
);
test(reads, 'density s.t. accuracy>=0.9', 'density s.t. accuracy>=0.9', 0.125, 0.15);
test(reads, 'accuracy s.t. density<=0.5', 'accuracy s.t. density<=0.5', -0.75, 0);
test(reads, 'error+0.1*density', 'outputError+0.1*density', 0.5125, 0);
test(reads, 'sparsity_10', 'sparsity_10', 0.99 * 0.5 + 0.01 * 0.125 + 10 * 0.025, 0);
test(reads, 'sparsity_25', 'sparsity_25', 0.99 * 0.5 + 0.01 * 0.125, 0);

test('of several constraints none counts more for its unit', (t) => {
  const { evaluate } = parseObjective(
    'kl s.t. density<=0.1, bytesRead<=1000000, goldLogProbGap<=0',
  );
  const violationOf = (density: number, bytesRead: number) =>
    evaluate({ kl: 1, density, bytesRead, goldLogProbGap: 0.5 }).violation;
  t.true(
    violationOf(0.1, 1_000_100) < violationOf(0.9, 1000),
    'a hair against eight times the bound',
  );
  t.is(violationOf(0.2, 1_500_000), 1 + 0.5 + 0.5, 'a bound of 0 has no shares');
});

test('an objective tells by how much each constraint is missed or held', (t) => {
  const { margins } = parseObjective('kl s.t. density<=0.2, accuracy>=0.9');
  const [density = 0, accuracy = 0] = margins?.(metrics) ?? [];
  t.true(Math.abs(density + 0.075) < 1e-12, `${density}`);
  t.true(Math.abs(accuracy - 0.15) < 1e-12, `${accuracy}`);
  t.is(parseObjective('kl').margins, undefined);
  t.is(parseObjective('pareto(kl,density) s.t. attentionMs<=5').margins?.(metrics)[0], -2);
  t.is(orientObjective('kl s.t. attentionMs<=5', 'maximize').margins?.(metrics)[0], -2);
});

test('an objective names the metrics it needs', (t) => {
  t.deepEqual(parseObjective('kl s.t. density<=0.1').metrics, ['kl', 'density']);
  t.deepEqual(parseObjective('sparsity_5').metrics, ['outputError', 'density']);
});

const refused = test.macro({
  exec(t, text: string, message: RegExp) {
    t.throws(() => parseObjective(text), {
      instanceOf: SparseTuneError,
      code: 'ERR_OBJECTIVE',
      message,
    });
  },
  title: (_, text) => `${text} is refused`,
});

test(refused, 'kll s.t. density<=0.1', /Unknown metric kll.*did you mean kl\?/);
test(refused, 'kl s.t. densty<=0.1', /Unknown metric densty.*did you mean density\?/);
test(refused, 'kl s.t. density<0.1', /METRIC<=NUMBER.*"density<0\.1"/);
test(refused, 'kl s.t. density<=ten', /METRIC<=NUMBER/);
test(refused, 'kl s.t. ', /METRIC/);
test(refused, '', /METRIC or WEIGHT\*METRIC/);
test(refused, '-1*kl', /METRIC or WEIGHT\*METRIC/);
test(refused, 'kl s.t. density<=0.1 s.t. kl<=1', /at most one "s\.t\."/);
test(refused, 'sparsity_0', /N above 0 and at most 100/);

test('names of metrics may be given', (t) => {
  t.is(
    parseObjective('loss s.t. size<=3', { metrics: ['loss', 'size'] }).text,
    'loss s.t. size<=3',
  );
  t.throws(() => parseObjective('kl', { metrics: ['loss'] }), { message: /Unknown metric kl/ });
});

test('a direction turns the value', (t) => {
  t.is(valueObjective('maximize').evaluate({ value: 3 }).value, -3);
  t.is(valueObjective().evaluate({ value: 3 }).value, 3);
});
