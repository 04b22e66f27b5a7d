import {
  type Confidence,
  tasksOf,
  type ValidationRow,
  type Winner,
  type WinnerKey,
} from '../../cache/winner.js';
import type { TuneEvent } from '../../tune-events.js';
import { duration, number, parameters, percent } from './format.js';
import { table } from './table.js';

type WinnerEvent = Extract<TuneEvent, { event: 'winner' }>;
type NoWinnerEvent = Extract<TuneEvent, { event: 'no-winner' }>;

/** The validation table: one line a row, the winner marked. */
export function validationTable(rows: readonly ValidationRow[]): string[] {
  const columns = [
    { title: '', align: 'left' as const },
    { title: 'score' },
    { title: 'vs dense (95 %)' },
    { title: 'accuracy' },
    { title: 'KL' },
    { title: 'density' },
    { title: 'read' },
  ];
  return table(columns, rows.map(validationCells));
}

function validationCells(row: ValidationRow): string[] {
  const { metrics } = row;
  return [
    `${row.isWinner ? '*' : ' '} ${row.label}${row.violation > 0 && row.label !== 'dense' ? ' (breaks the constraint)' : ''}`,
    row.score.toFixed(3),
    row.scoreDifference === undefined ? '' : interval(row.scoreDifference),
    metrics.accuracy.toFixed(3),
    number(metrics.kl),
    percent(metrics.density),
    percent(metrics.readFraction),
  ];
}

/** `-0.010 [-0.060, 0.040]`. */
export function interval({ mean, low, high }: { mean: number; low: number; high: number }): string {
  return `${mean.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
}

/** What a user wants to know at the end: the winner, its evidence, and where it is kept. */
export function winnerLines({ config, cached, path, winner }: WinnerEvent): string[] {
  const { key, params, search, validation, provenance } = winner;
  return [
    `${config} on ${tasksOf(key).join(' + ')}: ${key.objective}`,
    '',
    ...(validation.tasks ?? []).flatMap(({ task, rows }) => [
      `  ${task}`,
      ...validationTable(rows).map((line) => `    ${line}`),
    ]),
    ...(validation.tasks === undefined ? [] : ['', '  mean over the tasks']),
    ...validationTable(validation.rows).map((line) => `  ${line}`),
    '',
    `  * winner: ${parameters(params)}`,
    `  validated on ${validation.contexts} contexts, ${validation.questions} questions it was not chosen on; ${validation.interval}`,
    ...(validation.confidence === undefined ? [] : confidenceLines(validation.confidence)),
    `  searched ${search.trials} trials on ${search.questions} questions in ${duration(provenance.searchMs)}; seed ${search.seed}`,
    cached ? `  from the cache: ${path} (--force searches again)` : `  stored in ${path}`,
  ];
}

/** How sure the choice is, and what it is not told apart from. */
function confidenceLines({ chosenAgain, others, comparisons }: Confidence): string[] {
  const tied = others.filter(({ isTied }) => isTied);
  const names = tied.map(({ label, isSparser }) => (isSparser ? `${label} (sparser)` : label));
  const again = `  chosen again in ${percent(chosenAgain)} of resampled validations`;
  if (comparisons === 0 || others.length === 0) return [];
  if (names.length === 0) return [`${again}; better than each other candidate at 95 % jointly`];
  return [`${again}; at 95 % jointly not told apart from ${names.join(', ')}`];
}

/** Why nothing was stored, with what came nearest. */
export function noWinnerLines(
  { config, reason, nearest }: NoWinnerEvent,
  rows: readonly ValidationRow[],
): string[] {
  const shown = rows.length > 0 || nearest === undefined ? rows : [nearest];
  const hint =
    nearest?.params === undefined
      ? []
      : [`  nearest: ${nearest.label}: ${parameters(nearest.params)}`];
  return [
    `${config}: no winner, nothing was stored. ${reason}`,
    ...(shown.length === 0 ? [] : ['', ...validationTable(shown).map((line) => `  ${line}`), '']),
    ...hint,
    '  Loosen the bound, give more --trials, or widen --space.',
  ];
}

function taskLines(key: WinnerKey): string[] {
  const versions = 'tasks' in key ? key.taskVersions : [key.taskVersion];
  const all = 'tasks' in key ? key.taskParameters : [key.taskParameters];
  return tasksOf(key).map(
    (task, i) => `  task        ${task} version ${versions[i]}: ${parameters(all[i] ?? {})}`,
  );
}

/** A stored winner in full, for `cache show`. */
export function winnerDetails(path: string, winner: Winner): string[] {
  const { key, sparseConfig, provenance, search } = winner;
  const event: WinnerEvent = { event: 'winner', config: key.config, cached: false, path, winner };
  return [
    ...winnerLines(event),
    '',
    `  config      ${JSON.stringify(sparseConfig)}`,
    `  model       ${provenance.modelPath} (${key.modelFingerprint}, KV ${key.kvType})`,
    ...taskLines(key),
    `  study       ${search.study}, rungs ${search.rungs.join(', ')}; KL noise floor ${number(search.noiseFloorKl)}`,
    `  made        ${provenance.createdAt} by sparsetune ${provenance.sparsetune}, llama.cpp ${provenance.llamaCpp}, node ${provenance.node}`,
    `  machine     ${provenance.cpu}, ${provenance.platform}, ${provenance.isa}, ${provenance.threads} threads`,
  ];
}
