import test from 'ava';
import type { ValidationRow } from '../../../ts/cache/winner.js';
import { validationTable, winnerDetails, winnerLines } from '../../../ts/cli/view/result.js';
import { metrics, validationRow, winner } from '../../helpers/winners.js';

test('the table marks the winner and names broken constraints', (t) => {
  const dense = validationRow({
    label: 'dense',
    isWinner: false,
    score: 0.74,
    metrics: metrics({ kl: 0, density: 1, readFraction: 1 }),
  });
  const { scoreDifference: _none, ...denseRow } = dense;
  t.deepEqual(
    validationTable([
      denseRow,
      validationRow({ label: 'default', isWinner: false, violation: 0.1 }),
      validationRow(),
    ]),
    [
      '                                   score         vs dense (95 %)  accuracy      KL  density   read',
      '  dense                            0.740                             0.750       0     100%   100%',
      '  default (breaks the constraint)  0.730  -0.010 [-0.060, 0.040]     0.750  0.0200     8.0%  11.0%',
      '* trial 12                         0.730  -0.010 [-0.060, 0.040]     0.750  0.0200     8.0%  11.0%',
    ],
  );
});

test('the result says where it is kept, or that it was known', (t) => {
  const event = {
    event: 'winner',
    config: 'hash_attention',
    cached: false,
    path: 'w.json',
    winner: winner(),
  } as const;
  t.is(winnerLines(event).at(-1), '  stored in w.json');
  t.is(
    winnerLines({ ...event, cached: true }).at(-1),
    '  from the cache: w.json (--force searches again)',
  );
});

test('the details name model, task, study and machine', (t) => {
  const text = winnerDetails('w.json', winner()).join('\n');
  for (const part of [
    'SmolLM2.gguf',
    'promptStyle=plain',
    'rungs 4, 11, 32',
    'avx512',
    '"kind":"sink"',
  ]) {
    t.true(text.includes(part), part);
  }
});

test('the details of a winner name the GPU where one computed', (t) => {
  const { provenance, ...rest } = winner();
  const machine = (gpu?: string) => {
    const lines = winnerDetails('w.json', {
      ...rest,
      provenance: { ...provenance, ...(gpu !== undefined && { gpu }) },
    });
    return lines.find((line) => line.trim().startsWith('machine'))?.trim();
  };
  t.is(machine(), 'machine     a CPU, linux-x64, avx512, 2 threads');
  t.is(
    machine('CUDA0 (a GPU), 99 layers'),
    'machine     a CPU, linux-x64, avx512, 2 threads; CUDA0 (a GPU), 99 layers',
  );
});

test('trials of an earlier study are told of beside those that were searched', (t) => {
  const search = { ...winner().search, imported: 12 };
  const lines = winnerDetails('w.json', { ...winner(), search });
  t.true(
    lines.some((line) =>
      line.startsWith('  searched 27 trials beside 12 of an earlier study on 32'),
    ),
  );
});

test('how sure the choice is stands below the table', (t) => {
  const difference = { mean: 0.01, low: -0.001, high: 0.02 };
  const lineOf = (changes: object) => {
    const confidence = {
      chosenAgain: 0.5,
      holdsConstraint: 0.75,
      comparisons: 1,
      method: '',
      others: [{ label: 'trial 3', difference, isTied: true, isSparser: true }],
      ...changes,
    };
    const validation = { ...winner().validation, confidence };
    return winnerDetails('w.json', { ...winner(), validation }).find((line) =>
      line.includes('chosen again'),
    );
  };
  t.is(
    lineOf({}),
    '  chosen again in 50.0% of resampled validations, holds the constraint in 75.0% of them; at 95 % jointly not told apart from trial 3 (sparser)',
  );
  t.is(
    lineOf({ others: [], comparisons: 0 }),
    '  chosen again in 50.0% of resampled validations, holds the constraint in 75.0% of them',
  );
  t.is(
    lineOf({
      holdsConstraint: 1,
      chosenAgain: 1,
      others: [{ label: 'trial 3', difference, isTied: false, isSparser: false }],
    }),
    '  chosen again in 100% of resampled validations; better than every other eligible candidate at 95 % jointly',
  );
  t.is(lineOf({ holdsConstraint: 1, chosenAgain: 1, others: [], comparisons: 0 }), undefined);
});

test('a default that is better than the winner beyond the noise is told of', (t) => {
  const lineOf = (change: Partial<ValidationRow>) => {
    const rows = [
      validationRow({ label: 'default', isWinner: false, ...change }),
      validationRow({ objective: 0.3 }),
    ];
    const validation = { ...winner().validation, rows };
    return winnerDetails('w.json', { ...winner(), validation }).find((line) =>
      line.includes('default is better'),
    );
  };
  t.regex(lineOf({ objective: 0.1 }) ?? '', /is better here, 0\.100 against 0\.300: try more/);
  t.is(lineOf({ objective: 0.3 - 1e-7 }), undefined);
  t.is(lineOf({ objective: 0.1, violation: 0.01 }), undefined);
});
