import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { StorageError } from '../errors.js';
import { writeFileAtomic } from '../files.js';
import { homeFolders } from '../home.js';
import type { Params } from '../space/distribution.js';
import type { TuneOptions } from './options.js';

/** Tasks and configs that one call of `tune` does together. */
export type PendingStep = Pick<TuneOptions, 'task' | 'config' | 'enqueue'>;

/** What a study's search was started with, beside what its journal holds: enough to go on with it by its name. */
export interface StudyOptions
  extends Omit<TuneOptions, 'signal' | 'onEvent' | 'home' | 'threads' | 'resume'> {
  /** What was not done when the study began, itself first. */
  readonly pending: readonly PendingStep[];
}

/** One study, by what it is of. */
interface Step {
  readonly tasks: readonly string[];
  readonly config: string;
  /** What is to be tried first. */
  readonly enqueue: readonly Params[];
}

/** The first step by itself, then those with the same tasks together. */
export function pendingSteps([first, ...rest]: readonly Step[]): PendingStep[] {
  const groups = new Map<string, Step[]>();
  for (const step of rest)
    groups.set(step.tasks.join(), [...(groups.get(step.tasks.join()) ?? []), step]);
  return [...(first === undefined ? [] : [[first]]), ...groups.values()].map((steps) => ({
    task: steps[0]?.tasks ?? [],
    config: steps.map(({ config }) => config),
    enqueue: steps.flatMap(({ enqueue }) => enqueue),
  }));
}

/** Keeps the options beside the journal. */
export async function rememberOptions(
  home: string,
  study: string,
  options: TuneOptions,
  pending: readonly PendingStep[],
): Promise<void> {
  const {
    signal: _signal,
    onEvent: _onEvent,
    home: _home,
    threads: _threads,
    resume: _resume,
    ...rest
  } = options;
  const { model, data, haystack } = options;
  const kept: StudyOptions = {
    ...rest,
    // The study may be gone on with from another folder.
    model: existsSync(model) ? resolve(model) : model,
    ...(data !== undefined && { data: resolve(data) }),
    ...(haystack !== undefined && { haystack: resolve(haystack) }),
    pending,
  };
  await writeFileAtomic(optionsPath(home, study), `${JSON.stringify(kept, null, 2)}\n`);
}

/** @throws {StorageError} `ERR_STORAGE` where none are kept or they cannot be read */
export async function recallOptions(home: string, study: string): Promise<StudyOptions> {
  const path = optionsPath(home, study);
  try {
    const { pending, ...kept } = JSON.parse(await readFile(path, 'utf8')) as StudyOptions;
    // Earlier versions kept the configs that were left in place of all of them.
    const left = (kept.config ?? []).map((name) => ({ task: kept.task, config: [name] }));
    return { ...kept, pending: pending ?? left };
  } catch (cause) {
    throw new StorageError(
      'ERR_STORAGE',
      `Cannot go on with ${study} by its name: ${path} cannot be read. Run the "sparsetune tune" command that started it once more.`,
      { cause },
    );
  }
}

function optionsPath(home: string, study: string): string {
  return join(homeFolders(home).studies, study, 'options.json');
}
