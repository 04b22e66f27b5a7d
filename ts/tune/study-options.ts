import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { StorageError } from '../errors.js';
import { writeFileAtomic } from '../files.js';
import { homeFolders } from '../home.js';
import type { TuneOptions } from './options.js';

/** Tasks and configs that one call of `tune` does together. */
export type PendingStep = Pick<TuneOptions, 'task' | 'config'>;

/** What a study's search was started with, beside what its journal holds: enough to go on with it by its name. */
export interface StudyOptions
  extends Omit<TuneOptions, 'signal' | 'onEvent' | 'home' | 'threads' | 'resume'> {
  /** What was not done when the study began, itself first. */
  readonly pending: readonly PendingStep[];
}

/** The first step by itself, then those with the same tasks together. */
export function pendingSteps(
  steps: readonly { readonly tasks: readonly string[]; readonly config: string }[],
): PendingStep[] {
  const [first, ...rest] = steps;
  if (first === undefined) return [];
  const groups = new Map<string, { task: readonly string[]; config: string[] }>();
  for (const { tasks, config } of rest) {
    const group = groups.get(tasks.join()) ?? { task: tasks, config: [] };
    group.config.push(config);
    groups.set(tasks.join(), group);
  }
  return [{ task: first.tasks, config: [first.config] }, ...groups.values()];
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
  const kept: StudyOptions = {
    ...rest,
    model: existsSync(options.model) ? resolve(options.model) : options.model,
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
    const left = kept.config.map((name) => ({ task: kept.task, config: [name] }));
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
