import { tasksOf, type WinnerKey } from '../cache/winner.js';
import { SparseTuneError } from '../errors.js';
import { readStudy, type StoredStudy } from '../search/journal-storage.js';
import type { Trial, TrialResult } from '../search/trial.js';
import { canonicalJson } from '../space/canonical-json.js';
import type { TuneRequest } from './options.js';

/** A study whose trials another one begins with. */
export interface EarlierStudy {
  readonly name: string;
  readonly rungs: readonly number[];
  readonly trials: readonly Trial[];
}

/** Whether a search would go on with a study that is there, which keeps what it began with. */
export async function readBegun(
  { home, force }: TuneRequest,
  name: string,
): Promise<StoredStudy | undefined> {
  if (force) return undefined;
  try {
    const study = await readStudy(home, name);
    return study.state.header === undefined ? undefined : study;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_STUDY_NOT_FOUND') return undefined;
    throw error;
  }
}

/**
 * @param name - of the study that the options stand for now
 * @throws {SparseTuneError} `ERR_ARGUMENT` if another one is to be gone on with
 */
export function checkResumed({ options: { resume } }: TuneRequest, name: string): void {
  if (typeof resume !== 'string' || resume === name) return;
  throw new SparseTuneError(
    'ERR_ARGUMENT',
    `Cannot go on with the study ${resume}: its options now stand for ${name}, since --force has set it aside, or the model, a config's space or sparsetune has changed. Run "sparsetune tune" for a new search; with --continue ${resume} it begins with these trials where they can be compared.`,
  );
}

/**
 * The study of `continueFrom`, or undefined where none is asked for or the search has begun already.
 *
 * @param name - of the study that is to begin with it
 * @throws {SparseTuneError} `ERR_ARGUMENT` if its trials are not to be compared with this search's: another model, task,
 *   config or set of questions, or a metric that is missing; `ERR_STUDY_NOT_FOUND`
 */
export async function readEarlier(
  request: TuneRequest,
  key: WinnerKey,
  name: string,
): Promise<EarlierStudy | undefined> {
  const { continueFrom, home, emit, options } = request;
  if (continueFrom === undefined) return undefined;
  if (continueFrom === name)
    reject(name, `it is this very search; go on with it by "sparsetune study resume ${name}"`);
  const begun = await readBegun(request, name);
  if (begun !== undefined) {
    const isPlain = begun.state.progress().imports === undefined;
    const message = `The study ${name} began without the trials of ${continueFrom} and goes on without them; --force begins it anew.`;
    if (isPlain && !options.resume) emit({ event: 'warning', message });
    return undefined;
  }
  const { state } = await readStudy(home, continueFrom);
  const { metadata = {}, scheduler, objective = '' } = state.header ?? {};
  const difference = differenceOf(metadata['key'] as WinnerKey | undefined, key);
  if (difference !== undefined) reject(continueFrom, difference);
  const isMeasured = metadata['outputError'] === true;
  const { metrics } = request.objective;
  if (metrics.includes('outputError') && !isMeasured)
    reject(continueFrom, 'it did not measure outputError, which the objective needs');
  if (metrics.includes('attentionMs') && !objective.includes('attentionMs'))
    reject(continueFrom, 'it was not judged by attentionMs, so that its times were not its own');
  const trials = request.outputError ? state.trials : state.trials.map(withoutOutputError);
  return { name: continueFrom, rungs: scheduler?.rungs ?? [], trials };
}

/**
 * Trials are compared at the rungs of both studies.
 *
 * @throws {SparseTuneError} `ERR_ARGUMENT` if they are not the same
 */
export function checkRungs({ name, rungs }: EarlierStudy, own: readonly number[]): void {
  if (canonicalJson(rungs) === canonicalJson(own)) return;
  reject(
    name,
    `its trials were measured on ${rungs.join(', ')} questions, and here they are ${own.join(', ')}; begin without --continue`,
  );
}

/** What an earlier study differs in, with the cure. */
function differenceOf(from: WinnerKey | undefined, to: WinnerKey): string | undefined {
  if (from === undefined) return 'it is no study of "sparsetune tune"';
  if (from.modelFingerprint !== to.modelFingerprint)
    return `it ran another model (${from.modelFingerprint.slice(0, 21)}); give that one's --model`;
  if (from.config !== to.config)
    return `it searched the config ${from.config}; give --config ${from.config}`;
  const tasks = tasksOf(from).join();
  if (tasks !== tasksOf(to).join())
    return `it ran on ${tasks}; give --task ${tasks}${'tasks' in from ? ' --global' : ''}`;
  if (canonicalJson(questionsOf(from)) !== canonicalJson(questionsOf(to)))
    return `its questions were others (${JSON.stringify(questionsOf(from))}, here ${JSON.stringify(questionsOf(to))}); give the same --prompt, or begin without --continue`;
  return undefined;
}

function questionsOf(key: WinnerKey): unknown {
  return 'tasks' in key
    ? { versions: key.taskVersions, parameters: key.taskParameters }
    : { version: key.taskVersion, parameters: key.taskParameters };
}

/** A trial that goes on measures what it has measured; here the output error is none of it. */
function withoutOutputError(trial: Trial): Trial {
  const strip = ({ metrics }: TrialResult) =>
    Object.fromEntries(Object.entries(metrics).filter(([name]) => !/^outputError\b/.test(name)));
  const results = trial.results.map((result) => ({ ...result, metrics: strip(result) }));
  return { ...trial, results };
}

function reject(name: string, reason: string): never {
  throw new SparseTuneError('ERR_ARGUMENT', `Cannot continue from the study ${name}: ${reason}.`);
}
