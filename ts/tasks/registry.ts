import { SparseTuneError } from '../errors.js';
import { didYouMean } from '../space/nearest.js';
import { aime } from './aime.js';
import { fileTask } from './file/file-task.js';
import {
  infiniteBench,
  infiniteBenchGroups,
  infiniteBenchSubsets,
} from './infinite-bench/infinite-bench.js';
import { longBench, longBenchSubsets } from './longbench/longbench.js';
import { longBenchV2, longBenchV2Subsets } from './longbench/longbench-v2.js';
import { loogle, loogleSubsets } from './loogle/loogle.js';
import { niahMq8 } from './niah-mq8.js';
import { ruler, rulerGroups, rulerSubsets } from './ruler/ruler.js';
import type { Task, TaskOptions, TaskRequest } from './task.js';
import { zeroScrolls, zeroScrollsSubsets } from './zero-scrolls.js';

export type TaskFactory = (request: TaskRequest) => Task;

/** What a user is told of a benchmark. */
export interface BenchmarkAbout {
  /** What it measures, in a sentence. */
  readonly measures: string;
  /** Which lengths it has, and which without one in the id. */
  readonly lengths: string;
  /** What must be there besides a model. */
  readonly needs: string;
}

export interface Benchmark {
  /** Names after the slash; an id without one is all of them. Default: the factory gets whatever stands there. */
  readonly subsets?: readonly string[];
  /** More names after the slash, each for several subsets together. */
  readonly groups?: Readonly<Record<string, readonly string[]>>;
  readonly about?: BenchmarkAbout;
}

const benchmarks = new Map<string, Benchmark & { readonly factory: TaskFactory }>([
  [
    'niah_mq8',
    {
      factory: makeNiahMq8,
      about: {
        measures: 'Eight numbers hidden in filler, all asked over one context.',
        lengths: 'any; 512 by default',
        needs: 'nothing',
      },
    },
  ],
  [
    'ruler',
    {
      factory: ruler,
      subsets: rulerSubsets,
      groups: rulerGroups,
      about: {
        measures: 'RULER: needles in a haystack, variable tracking, frequent words, questions.',
        lengths: 'any; 4096 by default',
        needs: 'nothing; qa_1 and qa_2 data (--data or a download)',
      },
    },
  ],
  [
    'infinite_bench',
    {
      factory: infiniteBench,
      subsets: infiniteBenchSubsets,
      groups: infiniteBenchGroups,
      about: {
        measures: 'InfiniteBench: hidden digits, key-value pairs, numbers, sums, code, books.',
        lengths: 'any; without one that of the data',
        needs: 'nothing with a length, of books and code_debug their data',
      },
    },
  ],
  [
    'loogle',
    { factory: loogle, subsets: loogleSubsets, about: aboutData('LooGLE: long documents.') },
  ],
  [
    'longbench',
    {
      factory: longBench,
      subsets: longBenchSubsets,
      about: aboutData('LongBench: documents, summaries, examples, code.'),
    },
  ],
  [
    'longbench_v2',
    {
      factory: longBenchV2,
      subsets: longBenchV2Subsets,
      about: aboutData('LongBench-v2: multiple choice over long texts.'),
    },
  ],
  [
    'zero_scrolls',
    {
      factory: zeroScrolls,
      subsets: zeroScrollsSubsets,
      about: aboutData('ZeroSCROLLS: long documents, without answers.'),
    },
  ],
  [
    'aime2024',
    {
      factory: (request) => aime('aime2024', request),
      about: aboutData('AIME 2024: 30 problems, long answers.'),
    },
  ],
  [
    'aime2025',
    {
      factory: (request) => aime('aime2025', request),
      about: aboutData('AIME 2025: 30 problems, long answers.'),
    },
  ],
]);

function aboutData(measures: string): BenchmarkAbout {
  return {
    measures,
    lengths: 'that of the data; @L cuts them',
    needs: 'data (--data or a download)',
  };
}

/** Makes a benchmark known under a name of letters, digits and underscores; a name can be taken once. */
export function registerTask(name: string, factory: TaskFactory, benchmark: Benchmark = {}): void {
  if (!/^[a-z0-9_]+$/.test(name)) {
    throw new SparseTuneError('ERR_TASK', `"${name}" is no task name: use a-z, 0-9 and _.`);
  }
  if (benchmarks.has(name)) {
    throw new SparseTuneError('ERR_TASK', `The task ${name} is registered already.`);
  }
  benchmarks.set(name, { ...benchmark, factory });
}

/** Names of benchmarks, sorted. */
export function taskNames(): string[] {
  return [...benchmarks.keys()].sort();
}

/**
 * A benchmark by its name.
 *
 * @throws {SparseTuneError} `ERR_TASK` with the nearest known name
 */
export function getBenchmark(name: string): Benchmark {
  const { factory: _factory, ...benchmark } = benchmarkOf(name);
  return benchmark;
}

/**
 * The tasks of ids such as `niah_mq8@512` (`<benchmark>[/<subset>][@L]`) or `file:PATH[@L]`, each once: of a benchmark
 * with subsets all of them where the id names none.
 *
 * @throws {SparseTuneError} `ERR_TASK` with the nearest known name, or what is wrong with the rest of the id
 */
export function resolveTasks(ids: readonly string[], options: TaskOptions = {}): Task[] {
  const tasks = new Map<string, Task>();
  for (const task of ids.flatMap((id) => tasksOfId(id, options))) {
    const { source } = tasks.get(task.id) ?? task;
    if (source !== task.source) {
      throw new SparseTuneError(
        'ERR_TASK',
        `${source} and ${task.source} are both ${task.id} in results. Rename one of them.`,
      );
    }
    tasks.set(task.id, task);
  }
  return [...tasks.values()];
}

/** The one task of an id; see resolveTasks. */
export function resolveTask(id: string, options: TaskOptions = {}): Task {
  const tasks = tasksOfId(id, options);
  const [task] = tasks;
  if (task !== undefined && tasks.length === 1) return task;
  throw new SparseTuneError(
    'ERR_TASK',
    `${id} is ${tasks.length} tasks, and one is wanted here. Name one, e.g. ${task?.id}.`,
  );
}

function tasksOfId(id: string, options: TaskOptions): Task[] {
  const file = /^file:(.+?)(?:@(\d+))?$/.exec(id);
  if (file !== null) {
    const [, path = '', tokens] = file;
    return [fileTask(path, { ...options, length: parseLength(tokens, id) })];
  }
  const match = /^([^/@]+)(?:\/([^@]+))?(?:@(.+))?$/.exec(id);
  if (match === null) {
    throw new SparseTuneError(
      'ERR_TASK',
      `"${id}" is no task id. Write <benchmark>[/<subset>][@tokens], e.g. niah_mq8@512, or file:PATH.`,
    );
  }
  const [, name = '', subset, tokens] = match;
  const benchmark = benchmarkOf(name);
  const length = parseLength(tokens, id);
  const wanted = chooseSubsets(name, subset, benchmark);
  return wanted.map((each) => benchmark.factory({ ...options, subset: each, length }));
}

function parseLength(tokens: string | undefined, id: string): number | undefined {
  if (tokens === undefined) return undefined;
  const length = Number(tokens);
  if (Number.isSafeInteger(length) && length > 0) return length;
  throw new SparseTuneError(
    'ERR_TASK',
    `"@${tokens}" in ${id} is no length. Write a number of tokens, e.g. @512.`,
  );
}

function benchmarkOf(name: string) {
  const found = benchmarks.get(name);
  if (found !== undefined) return found;
  throw new SparseTuneError('ERR_TASK', `Unknown task "${name}"${didYouMean(name, taskNames())}.`);
}

function chooseSubsets(
  name: string,
  subset: string | undefined,
  { subsets, groups = {} }: Benchmark,
): readonly (string | undefined)[] {
  if (subsets === undefined) return [subset];
  if (subset === undefined) return subsets;
  if (subsets.includes(subset)) return [subset];
  const group = Object.hasOwn(groups, subset) ? groups[subset] : undefined;
  if (group !== undefined) return group;
  throw new SparseTuneError(
    'ERR_TASK',
    `${name} has no subset "${subset}"${didYouMean(subset, [...subsets, ...Object.keys(groups)])}.`,
  );
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
