import type { WinnerKey } from '../../cache/winner.js';
import type { StoredStudy } from '../../search/journal-storage.js';
import type { FinishReason } from '../../search/storage.js';
import { UNLIMITED } from '../../search/study-state.js';
import type { ObjectiveEffects, StudyView } from '../../search/study-view.js';
import { latestResult, type Trial } from '../../search/trial.js';
import { number, parameter, parameters, percent } from './format.js';
import { importsText } from './lines.js';
import { taskLines } from './result.js';
import { table } from './table.js';

/** A stored study with what is made of it. */
export interface ViewedStudy {
  readonly study: StoredStudy;
  readonly view: StudyView;
}

/** Columns of a marginal table. */
export const marginalValues = 6;

const left = (titles: readonly string[]) =>
  titles.map((title) => ({ title, align: 'left' as const }));

const endings: Readonly<Record<FinishReason, string>> = {
  budget: 'the budget is spent',
  exhausted: 'the space holds nothing new',
  patience: 'it no longer improved',
};

/** `done`, `stopped`, or `running (process 12)`. */
export function stateOf({ state, writer }: StoredStudy): string {
  if (state.finish !== undefined) return 'done';
  return writer === undefined ? 'stopped' : `running (process ${writer})`;
}

/** The key of the winner that a study searches for; empty for a study that `tune` did not start. */
export function keyOf({ state }: StoredStudy): Readonly<Record<string, unknown>> {
  return (state.header?.metadata['key'] ?? {}) as Readonly<Record<string, unknown>>;
}

/** `niah_mq8@512`, or of a global study `niah_mq8@512 + niah_mq8@1024`. */
function taskText(key: Readonly<Record<string, unknown>>): string {
  const tasks: unknown = key['tasks'] ?? key['task'] ?? '';
  return Array.isArray(tasks) ? tasks.join(' + ') : String(tasks);
}

/** What of a key a user may want to see, beside its tasks. */
function about(study: StoredStudy): Readonly<Record<string, unknown>> {
  const {
    objective: _1,
    spaceHash: _2,
    schemaVersion: _3,
    task: _4,
    taskVersion: _5,
    tasks: _6,
    taskVersions: _7,
    taskParameters: _8,
    modelFingerprint,
    ...rest
  } = keyOf(study);
  return modelFingerprint === undefined
    ? rest
    : { model: String(modelFingerprint).slice(0, 21), ...rest };
}

/** One line a study. */
export function studyTable(studies: readonly ViewedStudy[]): string[] {
  const titles = ['name', 'config', 'task', 'trials', 'state', 'best', 'changed'];
  return table(left(titles), studies.map(studyRow));
}

function studyRow({ study, view: { front, progress } }: ViewedStudy): string[] {
  const key = keyOf(study);
  const { metrics } = progress.best ?? {};
  const best = metrics === undefined ? '' : metricsText(metrics);
  return [
    study.name,
    String(key['config'] ?? ''),
    taskText(key),
    trialsText(study, '/'),
    stateOf(study),
    front === undefined || front.length === 0 ? best : `front of ${front.length}`,
    study.updatedAt.toISOString().slice(0, 16),
  ];
}

/** How many trials the study has run itself, of how many where their number is bounded. */
function trialsText({ state }: StoredStudy, of: string): string {
  const count = state.nStarted;
  const { trials = 0 } = state.header ?? {};
  return trials === UNLIMITED ? String(count) : `${count}${of}${Math.max(count, trials)}`;
}

/** What a study's journal does not hold. */
export interface StartOptions {
  /** In words. */
  readonly limits?: string;
  /** Whose trials it began with. */
  readonly continueFrom?: string;
}

/** Everything about a study: its state, its trials, and what its parameters do. */
export function studyLines(
  { study, view }: ViewedStudy,
  effects: readonly ObjectiveEffects[],
  { limits, continueFrom }: StartOptions = {},
): string[] {
  const { header, finish } = study.state;
  const { complete, pruned, failed, running, rungs, imports } = view.progress;
  const { prior } = study.state;
  const more = finish === undefined ? '' : ' --trials N';
  const ending = finish === undefined ? '' : ` (${endings[finish]})`;
  return [
    `${study.name}: ${stateOf(study)}${ending}, ${study.path}`,
    `  objective   ${header?.objective ?? ''}`,
    `  about       ${parameters(about(study))}`,
    ...('config' in keyOf(study) ? taskLines(keyOf(study) as unknown as WinnerKey) : []),
    ...(limits === undefined ? [] : [`  budget      ${limits}`]),
    ...(imports === undefined ? [] : [`  began with  ${importsText(imports, continueFrom)}`]),
    ...(prior.length === 0 ? [] : [`  began with  ${priorText(prior)}`]),
    `  trials      ${trialsText(study, ' of ')}${imports?.inside ? ' and those it began with' : ''}: ${complete} complete, ${pruned} pruned, ${failed} failed, ${running} running`,
    `  rungs       ${rungs.map((rung) => `${rung.trials} at ${rung.resource} questions`).join(', ')}`,
    '',
    ...trialTable(view, tasksIn(study)),
    ...effects.flatMap(effectLines),
    ...(finish === 'exhausted'
      ? []
      : ['', `  go on: sparsetune study resume ${study.name}${more}`]),
  ];
}

function priorText({ length }: readonly unknown[]): string {
  return `${length} ${length === 1 ? 'configuration' : 'configurations'} that won elsewhere`;
}

/** The tasks of a global study, whose metrics are named by them; none of any other. */
function tasksIn(study: StoredStudy): readonly string[] {
  const { tasks } = keyOf(study);
  return Array.isArray(tasks) ? tasks : [];
}

/** The front, then the other trials, the best first. */
function trialTable({ ranked, front = [] }: StudyView, tasks: readonly string[]): string[] {
  const rows = [...front, ...ranked.filter((trial) => !front.includes(trial))];
  const titles = ['trial', 'state', 'questions', 'objective', 'metrics', 'parameters'];
  const lines = table(
    left(titles),
    rows.map((trial) => trialRow(trial, { isOnFront: front.includes(trial), tasks })),
  );
  const legend = front.length === 0 ? [] : ['* on the front: no other is better in both'];
  return [...lines, ...legend, ...(tasks.length === 0 ? [] : globalLegend)].map(
    (line) => `  ${line}`,
  );
}

const globalLegend = [
  'objective: 0 as the better of dense attention and the untuned default, 1 as the worse, mean over the tasks',
  'metrics: the mean over the tasks and, in brackets, of each task in the order above',
];

function trialRow(
  trial: Trial,
  { isOnFront, tasks }: { isOnFront: boolean; tasks: readonly string[] },
): string[] {
  const result = latestResult(trial);
  const mark = result !== undefined && result.violation > 0 ? ' (breaks the constraint)' : '';
  const values = result?.objectives ?? [result?.value ?? Number.NaN];
  return [
    `${trial.number}${isOnFront ? ' *' : ''}`,
    trial.isImported ? `${trial.state}, imported` : trial.state,
    String(result?.resource ?? 0),
    result === undefined ? '' : `${values.map(number).join(', ')}${mark}`,
    result === undefined ? (trial.error ?? '') : metricsText(result.metrics, tasks),
    parameters(trial.params),
  ];
}

/** One line a parameter: its share, and what is expected at some of its values. */
function effectLines({ objective, parameters: effects }: ObjectiveEffects): string[] {
  if (effects.length === 0) return [];
  const rows = effects.map(({ name, within = {}, importance, marginal }) => [
    [name, ...Object.values(within).map((choice) => `(${choice})`)].join(' '),
    percent(importance),
    ...marginal.map(({ value, mean }) => `${parameter(value)}: ${number(mean)}`),
  ]);
  const titles = Array.from({ length: Math.max(...rows.map(({ length }) => length)) }, () => '');
  return [
    '',
    `  ${objective}: the share of its variance that each parameter explains alone, and what to expect at values of it`,
    ...table(left(['parameter', 'share', ...titles.slice(2)]), rows).map((line) => `  ${line}`),
  ];
}

/** What is known of a result in short: `KL 0.02, density 8.0%`, with tasks `KL 0.02 (0.01, 0.03), ...`. */
function metricsText(
  metrics: Readonly<Record<string, number>>,
  tasks: readonly string[] = [],
): string {
  const part = (title: string, name: string, text: (value: number) => string) => {
    const mean = metrics[name];
    if (mean === undefined) return [];
    const own = tasks.map((task) => text(metrics[`${name}(${task})`] ?? Number.NaN));
    return [`${title} ${text(mean)}${own.length === 0 ? '' : ` (${own.join(', ')})`}`];
  };
  return [...part('KL', 'kl', number), ...part('density', 'density', percent)].join(', ');
}
