import test from 'ava';
import type { EvaluationJob, PreparedQuestions } from '../../ts/engine/prepared-questions.js';
import type { QuestionResult } from '../../ts/engine/question.js';
import { getPreset } from '../../ts/maskers/presets.js';
import { parseObjective } from '../../ts/search/objective.js';
import type { PreparedSplit } from '../../ts/tune/prepare-split.js';
import { validate } from '../../ts/tune/validate.js';
import { trialOf } from '../helpers/trials.js';
import { metrics } from '../helpers/winners.js';

interface Measured {
  readonly kl: number;
  readonly density: number;
  readonly score?: number;
}

const nQuestions = 4;
const preset = getPreset('streaming_llm');

/** Validates trials whose sinkSize names what is measured of them; the noise floor of KL is 0.01. */
async function validated(
  measured: readonly Measured[],
  {
    objective = 'kl s.t. density<=0.1',
    graded = nQuestions,
  }: { objective?: string; graded?: number } = {},
) {
  const evaluate = async ([job]: readonly EvaluationJob[]): Promise<QuestionResult[][]> => {
    const sink = job?.chain.maskers[0]?.['sinkSize'];
    const isDense = job?.chain.maskers.length === 0;
    const own = isDense
      ? { kl: 0, density: 1, score: 0.5 }
      : (measured[Number(sink) - 1] ?? { kl: 0.0001, density: 0.01 });
    const { score, ...ungraded } = metrics({ score: 0.5, ...own });
    return [
      Array.from({ length: nQuestions }, (_, i) => ({
        metrics: i < graded ? { ...ungraded, ...(score !== undefined && { score }) } : ungraded,
      })),
    ];
  };
  const questions = {
    evaluate,
    questions: Array(nQuestions).fill(undefined),
    reference: { noiseFloorKl: 0.01 },
  } as unknown as PreparedQuestions;
  const split = { prepared: { questions }, contextOf: [0, 0, 1, 1], contexts: 2 };
  const labels: string[] = [];
  const validation = await validate([{ task: 'one', split: split as unknown as PreparedSplit }], {
    preset,
    candidates: measured.map((_, i) =>
      trialOf(i + 1, [1], { params: { sinkSize: i + 1, windowSize: 8 } }),
    ),
    objective: parseObjective(objective),
    seed: 0,
    outputError: false,
    reuse: false,
    signal: undefined,
    onRow: ({ label }) => labels.push(label),
    onWarning: () => undefined,
  });
  return { ...validation, labels };
}

test('dense, the default and the candidates are run in this order', async (t) => {
  const { labels, rows } = await validated([{ kl: 0.3, density: 0.05 }]);
  t.deepEqual(labels, ['dense', 'default', 'trial 1']);
  t.deepEqual(
    rows.map(({ label }) => label),
    labels,
  );
});

test('questions without references have no score, and the objective chooses all the same', async (t) => {
  const measured = [
    { kl: 0.3, density: 0.05 },
    { kl: 0.2, density: 0.06 },
  ];
  const { winner, rows, interval } = await validated(measured, { graded: 0 });
  t.is(winner?.label, 'trial 2');
  t.true(rows.every((row) => !('score' in row) && !('scoreDifference' in row)));
  t.false(JSON.stringify({ rows, interval }).includes('null'));
});

test('the score of a mixed task is that of the questions with references', async (t) => {
  const { rows } = await validated([{ kl: 0.3, density: 0.05, score: 1 }], { graded: 2 });
  const [dense, , trial] = rows;
  t.is(dense?.score, 0.5);
  t.is(trial?.score, 1);
  t.deepEqual(trial?.scoreDifference, { mean: 0.5, low: 0.5, high: 0.5 });
});

test('neither dense nor the default wins, however good they are', async (t) => {
  const { winner, rows } = await validated([{ kl: 0.9, density: 0.05 }], { objective: 'kl' });
  t.is(winner?.label, 'trial 1');
  t.deepEqual(
    rows.map(({ isWinner }) => isWinner),
    [false, false, true],
  );
});

test('the lowest objective wins among those that hold the constraint', async (t) => {
  const { winner, nearest } = await validated([
    { kl: 0.3, density: 0.05 },
    { kl: 0.1, density: 0.101 },
    { kl: 0.2, density: 0.1 },
  ]);
  t.is(winner?.label, 'trial 3');
  t.is(nearest, undefined);
});

test('of KL within the noise floor the lowest density wins', async (t) => {
  const { winner } = await validated([
    { kl: 0.2, density: 0.09 },
    { kl: 0.209, density: 0.04 },
    { kl: 0.205, density: 0.06 },
    { kl: 0.215, density: 0.01 },
  ]);
  t.is(winner?.label, 'trial 2');
});

test('a tie in KL is no excuse for breaking the constraint', async (t) => {
  const { winner } = await validated(
    [
      { kl: 0.2, density: 0.1 },
      { kl: 0.2, density: 0.02 },
      { kl: 0.2, density: 0.11 },
    ],
    { objective: 'kl s.t. density<=0.1, kl<=0.3' },
  );
  t.is(winner?.label, 'trial 2');
});

test('the noise floor of KL is no tie in another objective', async (t) => {
  const { winner } = await validated(
    [
      { kl: 0.2, density: 0.05 },
      { kl: 0.1, density: 0.051 },
    ],
    { objective: 'density s.t. kl<=0.5' },
  );
  t.is(winner?.label, 'trial 1');
});

test('where none holds the constraint there is no winner but the nearest', async (t) => {
  const { winner, nearest, rows } = await validated([
    { kl: 0.1, density: 0.5 },
    { kl: 0.9, density: 0.11 },
    { kl: 0.2, density: 0.12 },
  ]);
  t.is(winner, undefined);
  t.is(nearest?.label, 'trial 2');
  t.false(rows.some(({ isWinner }) => isWinner));
});

test('no candidates give neither a winner nor a nearest', async (t) => {
  const { winner, nearest, rows } = await validated([]);
  t.is(winner, undefined);
  t.is(nearest, undefined);
  t.is(rows.length, 2);
});

test('the score is compared with dense question by question', async (t) => {
  const { rows } = await validated([{ kl: 0.1, density: 0.05, score: 0.25 }]);
  t.is(rows[0]?.scoreDifference, undefined);
  t.deepEqual(rows[2]?.scoreDifference, { mean: -0.25, low: -0.25, high: -0.25 });
  t.is(rows[2]?.score, 0.25);
});
