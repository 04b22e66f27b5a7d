import type { Front } from '../../cache/front.js';
import {
  type Confidence,
  type MethodRank,
  tasksOf,
  type ValidationRow,
  type Winner,
  type WinnerKey,
} from '../../cache/winner.js';
import type { TuneEvent } from '../../tune-events.js';
import { duration, number, parameters, percent } from './format.js';
import { table } from './table.js';

type WinnerEvent = Extract<TuneEvent, { event: 'winner' }>;
type FrontEvent = Extract<TuneEvent, { event: 'front' }>;
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
    `${row.isWinner ? '*' : ' '} ${row.label}${methodOf(row)}${row.violation > 0 && row.label !== 'dense' ? ' (breaks the constraint)' : ''}`,
    scoreText(row.score),
    row.scoreDifference === undefined ? '' : interval(row.scoreDifference),
    metrics.accuracy.toFixed(3),
    number(metrics.kl),
    percent(metrics.density),
    percent(metrics.readFraction),
  ];
}

/** `0.594`, or a dash where no question has references. */
export function scoreText(score: number | undefined): string {
  return score === undefined ? '-' : score.toFixed(3);
}

/** The method of a row of a search over several. */
function methodOf({ params }: ValidationRow): string {
  const method = params?.['config'];
  return typeof method === 'string' ? ` ${method}` : '';
}

/** `-0.010 [-0.060, 0.040]`. */
export function interval({ mean, low, high }: { mean: number; low: number; high: number }): string {
  return `${mean.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
}

/** What a user wants to know at the end: the winner, its evidence, and where it is kept. */
export function winnerLines({ config, cached, path, winner }: WinnerEvent): string[] {
  const { key, params, validation } = winner;
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
    ...betterDefaultLines(winner),
    ...(winner.methods === undefined ? [] : methodLines(winner.methods, validation.rows)),
    ...evidence(winner),
    whereKept(path, cached),
  ];
}

/** The untuned default need not lie in the space, so it is no candidate; where it is better a user must know. */
function betterDefaultLines({ search, validation: { rows } }: Winner): string[] {
  const won = rows.find(({ isWinner }) => isWinner);
  const untuned = rows.find(({ label }) => label === 'default');
  if (won === undefined || untuned === undefined || untuned.violation > 0) return [];
  if (untuned.objective >= won.objective - search.noiseFloorKl) return [];
  return [
    `  the untuned default is better here, ${number(untuned.objective)} against ${number(won.objective)}: try more trials, or begin with it (--enqueue)`,
  ];
}

/** The methods, best first, with what each reaches at which density. */
function methodLines(methods: readonly MethodRank[], rows: readonly ValidationRow[]): string[] {
  const titles = [
    'method',
    'trials',
    'best',
    'objective',
    'density',
    'front: objective at density',
  ];
  const cells = methods.map(({ config, trials, best = '', front }) => {
    const row = rows.find(({ label }) => label === best);
    const points = front.map(
      ({ objective, density }) => `${number(objective)} at ${percent(density)}`,
    );
    return [
      config,
      String(trials),
      row !== undefined && row.violation > 0 ? `${best} (breaks the constraint)` : best,
      row === undefined ? '' : number(row.objective),
      row === undefined ? '' : percent(row.metrics.density),
      points.length > 4 ? `${points.slice(0, 4).join(', ')} ...` : points.join(', '),
    ];
  });
  const columns = titles.map((title) => ({ title, align: 'left' as const }));
  return ['', ...table(columns, cells).map((line) => `  ${line}`), ''];
}

/** How sure the choice is, and what it is not told apart from. */
function confidenceLines({ chosenAgain, holdsConstraint, others }: Confidence): string[] {
  const tied = others.filter(({ isTied }) => isTied);
  const names = tied.map(({ label, isSparser }) => (isSparser ? `${label} (sparser)` : label));
  const rivals =
    names.length > 0
      ? `; at 95 % jointly not told apart from ${names.join(', ')}`
      : others.length > 0
        ? '; better than every other eligible candidate at 95 % jointly'
        : '';
  if (rivals === '' && chosenAgain === 1) return [];
  const held =
    holdsConstraint < 1 ? `, holds the constraint in ${percent(holdsConstraint)} of them` : '';
  return [`  chosen again in ${percent(chosenAgain)} of resampled validations${held}${rivals}`];
}

/** The same of a front: its members under the table of all that was validated. */
export function frontLines({ config, cached, path, front }: FrontEvent): string[] {
  const { key, rows, validation } = front;
  const labels = rows.map(({ label }) => label);
  const width = Math.max(...labels.map(({ length }) => length));
  return [
    `${config} on ${tasksOf(key).join(' + ')}: ${key.objective}`,
    '',
    ...validationTable(validation.rows).map((line) => `  ${line}`),
    '',
    '  * the front: no other is better in both',
    ...rows.map(({ label, params = {} }) => `    ${label.padEnd(width)}  ${parameters(params)}`),
    ...evidence(front),
    whereKept(path, cached),
  ];
}

function evidence({ search, validation, provenance }: Winner | Front): string[] {
  const { trials, imported, questions, seed } = search;
  const earlier = imported === undefined ? '' : ` beside ${imported} of an earlier study`;
  return [
    `  validated on ${validation.contexts} contexts, ${validation.questions} questions not searched on; ${validation.interval}`,
    ...(validation.confidence === undefined ? [] : confidenceLines(validation.confidence)),
    `  searched ${trials} trials${earlier} on ${questions} questions in ${duration(provenance.searchMs)}; seed ${seed}`,
  ];
}

function whereKept(path: string, isCached: boolean): string {
  return isCached ? `  from the cache: ${path} (--force searches again)` : `  stored in ${path}`;
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

/** One line a task of a key. */
export function taskLines(key: WinnerKey): string[] {
  const versions = 'tasks' in key ? key.taskVersions : [key.taskVersion];
  const all = 'tasks' in key ? key.taskParameters : [key.taskParameters];
  return tasksOf(key).map(
    (task, i) => `  task        ${task} version ${versions[i]}: ${parameters(all[i] ?? {})}`,
  );
}

/** A stored winner in full, for `cache show`. */
export function winnerDetails(path: string, winner: Winner): string[] {
  const { key, sparseConfig } = winner;
  const event: WinnerEvent = { event: 'winner', config: key.config, cached: false, path, winner };
  return [
    ...winnerLines(event),
    '',
    `  config      ${JSON.stringify(sparseConfig)}`,
    ...origin(winner),
  ];
}

/** A stored front in full, for `cache show`. */
export function frontDetails(path: string, front: Front): string[] {
  const { key, rows } = front;
  const event: FrontEvent = { event: 'front', config: key.config, cached: false, path, front };
  return [
    ...frontLines(event),
    '',
    ...rows.map(({ label, config }) => `  ${label.padEnd(10)}  ${JSON.stringify(config)}`),
    ...origin(front),
  ];
}

function origin({ key, provenance, search }: Winner | Front): string[] {
  return [
    `  model       ${provenance.modelPath} (${key.modelFingerprint}, KV ${key.kvType})`,
    ...taskLines(key),
    `  study       ${search.study}, rungs ${search.rungs.join(', ')}; KL noise floor ${number(search.noiseFloorKl)}`,
    `  made        ${provenance.createdAt} by sparsetune ${provenance.sparsetune}, llama.cpp ${provenance.llamaCpp}, node ${provenance.node}`,
    `  machine     ${provenance.cpu}, ${provenance.platform}, ${provenance.isa}, ${provenance.threads} threads${provenance.gpu === undefined ? '' : `; ${provenance.gpu}`}`,
  ];
}
