import type { StoredStudy } from '../../search/journal-storage.js';
import type { FinishReason } from '../../search/storage.js';
import { UNLIMITED } from '../../search/study-state.js';
import type { ObjectiveEffects, StudyView } from '../../search/study-view.js';
import { latestResult, type Trial } from '../../search/trial.js';
import { number, parameter, parameters, percent } from './format.js';
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

/** What of a key a user may want to see. */
function about(study: StoredStudy): Readonly<Record<string, unknown>> {
  const {
    objective: _1,
    spaceHash: _2,
    schemaVersion: _3,
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

/** How many trials there are, of how many where their number is bounded. */
function trialsText({ state }: StoredStudy, of: string): string {
  const count = state.trials.length;
  const { trials = 0 } = state.header ?? {};
  return trials === UNLIMITED ? String(count) : `${count}${of}${Math.max(count, trials)}`;
}

/** Everything about a study: its state, its trials, and what its parameters do. `limits` in words, where they are known. */
export function studyLines(
  { study, view }: ViewedStudy,
  effects: readonly ObjectiveEffects[],
  limits?: string,
): string[] {
  const { header, finish } = study.state;
  const { complete, pruned, failed, running, rungs } = view.progress;
  const more = finish === undefined ? '' : ' --trials N';
  const ending = finish === undefined ? '' : ` (${endings[finish]})`;
  return [
    `${study.name}: ${stateOf(study)}${ending}, ${study.path}`,
    `  objective   ${header?.objective ?? ''}`,
    `  about       ${parameters(about(study))}`,
    ...(limits === undefined ? [] : [`  budget      ${limits}`]),
    `  trials      ${trialsText(study, ' of ')}: ${complete} complete, ${pruned} pruned, ${failed} failed, ${running} running`,
    `  rungs       ${rungs.map((rung) => `${rung.trials} at ${rung.resource} questions`).join(', ')}`,
    '',
    ...trialTable(view),
    ...effects.flatMap(effectLines),
    ...(finish === 'exhausted'
      ? []
      : ['', `  go on: sparsetune study resume ${study.name}${more}`]),
  ];
}

/** The front, then the other trials, the best first. */
function trialTable({ ranked, front = [] }: StudyView): string[] {
  const rows = [...front, ...ranked.filter((trial) => !front.includes(trial))];
  const titles = ['trial', 'state', 'questions', 'objective', 'metrics', 'parameters'];
  const lines = table(
    left(titles),
    rows.map((trial) => trialRow(trial, front.includes(trial))),
  );
  const legend = front.length === 0 ? [] : ['* on the front: no other is better in both'];
  return [...lines, ...legend].map((line) => `  ${line}`);
}

function trialRow(trial: Trial, isOnFront: boolean): string[] {
  const result = latestResult(trial);
  const mark = result !== undefined && result.violation > 0 ? ' (breaks the constraint)' : '';
  const values = result?.objectives ?? [result?.value ?? Number.NaN];
  return [
    `${trial.number}${isOnFront ? ' *' : ''}`,
    trial.state,
    String(result?.resource ?? 0),
    result === undefined ? '' : `${values.map(number).join(', ')}${mark}`,
    result === undefined ? (trial.error ?? '') : metricsText(result.metrics),
    parameters(trial.params),
  ];
}

/** One line a parameter: its share, and what is expected at some of its values. */
function effectLines({ objective, parameters: effects }: ObjectiveEffects): string[] {
  if (effects.length === 0) return [];
  const rows = effects.map(({ name, importance, marginal }) => [
    name,
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

/** What is known of a result in short. */
function metricsText(metrics: Readonly<Record<string, number>>): string {
  const { kl, density } = metrics;
  const parts = [
    ...(kl === undefined ? [] : [`KL ${number(kl)}`]),
    ...(density === undefined ? [] : [`density ${percent(density)}`]),
  ];
  return parts.join(', ');
}
