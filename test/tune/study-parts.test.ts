import test from 'ava';
import type { PreparedQuestions } from '../../ts/engine/prepared-questions.js';
import { parseObjective } from '../../ts/search/objective.js';
import type { Trial } from '../../ts/search/trial.js';
import { type FinishedStudy, studyOfPart } from '../../ts/tune/finished-study.js';
import { combine, globalObjective, normalise } from '../../ts/tune/global-objective.js';
import {
  countQuestions,
  metricsOfPart,
  partMetric,
  type StudyPart,
  takeInTurn,
} from '../../ts/tune/study-parts.js';
import { trialOf } from '../helpers/trials.js';

const part = (task: string, length: number): StudyPart => ({
  task,
  questions: { questions: Array(length).fill(undefined) } as unknown as PreparedQuestions,
});

test('questions are taken in turn until a task has no more', (t) => {
  const parts = [part('a', 2), part('b', 5), part('c', 3)];
  t.is(countQuestions(parts), 10);
  const taken = Array.from({ length: 11 }, (_, n) => takeInTurn(parts, n).join(' '));
  t.deepEqual(taken, [
    '0 0 0',
    '1 0 0',
    '1 1 0',
    '1 1 1',
    '2 1 1',
    '2 2 1',
    '2 2 2',
    '2 3 2',
    '2 3 3',
    '2 4 3',
    '2 5 3',
  ]);
  t.deepEqual(takeInTurn([part('a', 4)], 3), [3]);
});

test('metrics of tasks whose ids begin alike stay apart', (t) => {
  const parts = [part('ruler', 1), part('ruler/vt@512', 1), part('vt@512', 1)];
  const all = Object.fromEntries(
    parts.map((own, i) => [partMetric(parts, own, 'kl'), i]).concat([['kl', 9]]),
  );
  for (const [i, own] of parts.entries()) t.deepEqual(metricsOfPart(parts, own, all), { kl: i });
  const [only] = parts;
  if (only !== undefined) t.deepEqual(metricsOfPart([only], only, { kl: 1 }), { kl: 1 });
});

test('normalised, dense and the default are 0 and 1, the better one 0', (t) => {
  t.is(normalise(0, { dense: 0, untuned: 0.5 }), 0);
  t.is(normalise(0.5, { dense: 0, untuned: 0.5 }), 1);
  t.is(normalise(1, { dense: 0, untuned: 0.5 }), 2);
  t.is(normalise(1, { dense: 1, untuned: 0.2 }), 1, 'density: dense is the worse one');
  t.true(normalise(0.1, { dense: 1, untuned: 0.2 }) < 0, 'better than both');
  t.is(normalise(3, { dense: 2, untuned: 2 }), 1, 'no yardstick: the plain distance');
});

test('a global objective is the mean over tasks, its constraint that of all', (t) => {
  const parts = [part('a', 3), part('b', 3)];
  const yardsticks = new Map([
    ['a', { dense: 0, untuned: 1 }],
    ['b', { dense: 0, untuned: 10 }],
  ]);
  const objective = globalObjective(parseObjective('kl s.t. density<=0.1'), parts, { yardsticks });
  t.deepEqual(objective.metrics, ['kl(a)', 'density(a)', 'kl(b)', 'density(b)']);
  const metrics = { 'kl(a)': 0.5, 'density(a)': 0.05, 'kl(b)': 20, 'density(b)': 0.3, kl: 10.25 };
  const { value, violation } = objective.evaluate(metrics);
  t.is(value, 1.25);
  t.true(Math.abs(violation - 0.2) < 1e-12);
  const [room = 0, excess = 0] = objective.margins?.(metrics) ?? [];
  t.true(Math.abs(room + 0.05) < 1e-12 && Math.abs(excess - 0.2) < 1e-12);
  t.throws(() => globalObjective(parseObjective('pareto(kl,density)'), parts, { yardsticks }), {
    code: 'ERR_ARGUMENT',
  });
});

test('a task whose default is nearly dense does not outweigh the others', (t) => {
  const globalValue = (untuned: number, [a, b]: readonly [number, number]) => {
    const yardsticks = new Map([
      ['a', { dense: 0, untuned }],
      ['b', { dense: 0, untuned: 1 }],
    ]);
    const values = [
      { task: 'a', value: a, violation: 0 },
      { task: 'b', value: b, violation: 0 },
    ];
    return combine(values, { yardsticks }).value;
  };
  for (const untuned of [0, 1e-9, 0.01]) {
    t.true(
      Math.abs(globalValue(untuned, [0.02, 0.02]) - 0.11) < 1e-12,
      'ten times as much at most',
    );
    t.true(globalValue(untuned, [0.03, 0.1]) < globalValue(untuned, [0.02, 0.9]));
  }
  t.is(globalValue(0.5, [0.5, 0.5]), 0.75, 'else each by its own span');
});

test('the worst task is guarded', (t) => {
  const yardsticks = new Map([
    ['a', { dense: 0, untuned: 1 }],
    ['b', { dense: 0, untuned: 1 }],
  ]);
  const values = [
    { task: 'a', value: 0.1, violation: 0 },
    { task: 'b', value: 0.9, violation: 0 },
  ];
  t.is(combine(values, { yardsticks, worstTask: 1 }).violation, 0);
  t.true(Math.abs(combine(values, { yardsticks, worstTask: 0.5 }).violation - 0.4) < 1e-12);
  const parts = [part('a', 1), part('b', 1)];
  const guarded = globalObjective(parseObjective('kl'), parts, { yardsticks, worstTask: 0.5 });
  t.deepEqual(guarded.margins?.({ 'kl(a)': 0.1, 'kl(b)': 0.75 }), [0.25]);
});

const globalTrial = (number: number, a: number, b: number): Trial => ({
  ...trialOf(number, []),
  target: 6,
  results: [
    {
      resource: 6,
      order: number,
      value: (a + b) / 20,
      violation: 0,
      metrics: { kl: (a + b) / 2, 'kl(a)': a, 'kl(b)': b },
    },
  ],
});

/** Of a global study of a task with two questions and one with four. */
const globalStudy: FinishedStudy = {
  name: 'both',
  best: [],
  trials: [globalTrial(0, 1, 9), globalTrial(1, 2, 2), globalTrial(2, 9, 1)],
  firstError: undefined,
  rungs: [3, 6],
  questions: 6,
  searchMs: 1,
};

test('the best of one task are not the best of all', (t) => {
  const parts = [part('a', 2), part('b', 4)];
  const best = (own: StudyPart) =>
    studyOfPart(globalStudy, parts, { part: own, objective: parseObjective('kl') }).best.map(
      ({ number }) => number,
    );
  t.deepEqual(parts.map(best), [
    [0, 1, 2],
    [2, 1, 0],
  ]);
});

test("a task's part of a global study has the task's own metrics, objective and questions", (t) => {
  const parts = [part('a', 2), part('b', 4)];
  const [, own] = parts;
  if (own === undefined) return t.fail();
  const { trials, rungs, questions } = studyOfPart(globalStudy, parts, {
    part: own,
    objective: parseObjective('kl s.t. kl<=8'),
  });
  t.deepEqual(rungs, [1, 4]);
  t.is(questions, 4);
  t.is(trials[0]?.target, 4);
  t.deepEqual(trials[0]?.results, [
    { resource: 4, order: 0, value: 9, violation: 1, metrics: { kl: 9 } },
  ]);
});
