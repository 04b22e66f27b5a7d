import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { StorageError } from '../errors.js';
import { writeFileAtomic } from '../files.js';
import { homeFolders } from '../home.js';
import type { TuneOptions } from './options.js';

/** What a study's search was started with, beside what its journal holds: enough to go on with it by its name. */
export type StudyOptions = Omit<TuneOptions, 'signal' | 'onEvent' | 'home' | 'threads' | 'resume'>;

/** Keeps the options beside the journal; `config` is what the study searches, then what was to follow. */
export async function rememberOptions(
  home: string,
  study: string,
  options: TuneOptions,
  config: string,
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
    config: options.config.slice(options.config.indexOf(config)),
  };
  await writeFileAtomic(optionsPath(home, study), `${JSON.stringify(kept, null, 2)}\n`);
}

/** @throws {StorageError} `ERR_STORAGE` where none are kept or they cannot be read */
export async function recallOptions(home: string, study: string): Promise<StudyOptions> {
  const path = optionsPath(home, study);
  try {
    return JSON.parse(await readFile(path, 'utf8')) as StudyOptions;
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
