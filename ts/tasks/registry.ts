import { SparseTuneError } from '../errors.js';
import { didYouMean } from '../space/nearest.js';
import { niahMq8 } from './niah-mq8.js';
import type { PromptStyle, Task } from './task.js';

/** What a task id and the user's options say. */
export interface TaskRequest {
  /** After the slash of `<benchmark>/<subset>@L`. */
  readonly subset?: string | undefined;
  /** After the at sign. */
  readonly length?: number | undefined;
  readonly promptStyle?: PromptStyle | undefined;
}

export type TaskFactory = (request: TaskRequest) => Task;

const factories = new Map<string, TaskFactory>([['niah_mq8', makeNiahMq8]]);

/** Makes a benchmark known under a name of letters, digits and underscores; a name can be taken once. */
export function registerTask(benchmark: string, factory: TaskFactory): void {
  if (!/^[a-z0-9_]+$/.test(benchmark)) {
    throw new SparseTuneError('ERR_TASK', `"${benchmark}" is no task name: use a-z, 0-9 and _.`);
  }
  if (factories.has(benchmark)) {
    throw new SparseTuneError('ERR_TASK', `The task ${benchmark} is registered already.`);
  }
  factories.set(benchmark, factory);
}

export function taskNames(): string[] {
  return [...factories.keys()].sort();
}

/**
 * The task of an id such as `niah_mq8@512` (`<benchmark>[/<subset>][@L]`).
 *
 * @throws {SparseTuneError} `ERR_TASK` with the nearest known name, or what is wrong with the rest of the id
 */
export function resolveTask(
  id: string,
  options: { promptStyle?: PromptStyle | undefined } = {},
): Task {
  const match = /^([^/@]+)(?:\/([^@]+))?(?:@(.+))?$/.exec(id);
  if (match === null) {
    throw new SparseTuneError(
      'ERR_TASK',
      `"${id}" is no task id. Write <benchmark>[/<subset>][@tokens], e.g. niah_mq8@512.`,
    );
  }
  const [, benchmark = '', subset, tokens] = match;
  const factory = factories.get(benchmark);
  if (factory === undefined) {
    throw new SparseTuneError(
      'ERR_TASK',
      `Unknown task "${benchmark}"${didYouMean(benchmark, taskNames())}.`,
    );
  }
  const length = tokens === undefined ? undefined : Number(tokens);
  if (length !== undefined && (!Number.isSafeInteger(length) || length < 1)) {
    throw new SparseTuneError(
      'ERR_TASK',
      `"@${tokens}" in ${id} is no length. Write a number of tokens, e.g. ${benchmark}@512.`,
    );
  }
  return factory({ subset, length, promptStyle: options.promptStyle });
}

function makeNiahMq8({ subset, length, promptStyle }: TaskRequest): Task {
  if (subset !== undefined)
    throw new SparseTuneError(
      'ERR_TASK',
      `niah_mq8 has no subsets, but "${subset}" was asked for.`,
    );
  return niahMq8({
    ...(length === undefined ? {} : { length }),
    ...(promptStyle === undefined ? {} : { promptStyle }),
  });
}
