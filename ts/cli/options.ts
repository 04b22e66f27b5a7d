import { readFileSync } from 'node:fs';
import { rejectArgument, rejectRange } from '../errors.js';
import { withoutByteOrderMark } from '../files.js';
import { parseBudget } from '../search/budget.js';
import type { PromptStyle } from '../tasks/task.js';
import type { Truncate } from '../tasks/truncate.js';

/** `a,b` and repeated options as one list without blanks or repeats. */
export function parseList(name: string, value: string | readonly string[]): string[] {
  const items = [value]
    .flat()
    .flatMap((text) => text.split(','))
    .map((text) => text.trim())
    .filter((text) => text !== '');
  if (items.length === 0) return rejectArgument(name, 'at least one name', value);
  return [...new Set(items)];
}

export function parseCount(name: string, value: number | undefined, least = 1): number | undefined {
  if (value === undefined) return undefined;
  if (!Number.isSafeInteger(value) || value < least) {
    return rejectRange(name, `an integer of at least ${least}`, value);
  }
  return value;
}

/** How long a search goes on, as `tune` and `study resume` are told. */
export interface LimitArguments {
  readonly trials?: number;
  readonly budget?: string | readonly string[];
  readonly patience?: number;
}

export const limitOptions = {
  trials: {
    type: 'number',
    describe: 'configurations to try for each config [default: 27, unless --budget]',
  },
  budget: {
    type: 'string',
    describe: 'what each search may spend, the first spent ends it: trials=N,questions=N,minutes=N',
  },
  patience: {
    type: 'number',
    describe: 'stop after so many configurations in a row without an improvement',
  },
} as const;

/** @throws {TypeError | RangeError | SparseTuneError} `ERR_ARGUMENT` naming the option */
export function limitsOf({ trials, budget, patience }: LimitArguments) {
  return {
    trials: parseCount('trials', trials),
    budget: budget === undefined ? undefined : parseBudget([budget].flat().join(',')),
    patience: parseCount('patience', patience),
  };
}

const units: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };

/** `20GB`, `500 MB`, `1e9`: a size in bytes; decimal units. */
export function parseBytes(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const match = /^([\d.]+(?:e\d+)?)\s*([kmgt]?)b?$/i.exec(value.trim());
  const size = Number(match?.[1]) * (units[(match?.[2] ?? '').toLowerCase()] ?? Number.NaN);
  if (!Number.isFinite(size) || size < 0) return rejectArgument(name, 'a size such as 20GB', value);
  return Math.floor(size);
}

/** The parsed JSON of the file that an option names. */
export function readJson(name: string, path: string | undefined): unknown {
  if (path === undefined) return undefined;
  let text: string;
  try {
    text = withoutByteOrderMark(readFileSync(path, 'utf8'));
  } catch (cause) {
    return rejectArgument(name, `a file that can be read (${(cause as Error).message})`, path);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    return rejectArgument(name, `a JSON file (${(cause as Error).message})`, path);
  }
}

/** Where prompts come from and how they are laid out, as every command with --task is told. */
export interface TaskArguments {
  readonly prompt?: PromptStyle;
  readonly haystack?: string;
  readonly data?: string;
  readonly truncate?: Truncate;
}

export const taskOptions = {
  prompt: {
    choices: ['auto', 'chat', 'plain'],
    describe: 'how prompts are laid out [default: as the task says]',
  },
  haystack: { type: 'string', describe: 'text file that essay haystacks are cut from' },
  data: { type: 'string', describe: "folder with a data set's own files, in place of a download" },
  truncate: {
    choices: ['head', 'middle'],
    describe: 'what is kept of a text that is longer than @L: its beginning, or both ends',
  },
} as const;

export function taskOptionsOf({ prompt, haystack, data, truncate }: TaskArguments) {
  return { promptStyle: prompt, haystack, data, truncate };
}

/** What computes, as every command that decodes is told. */
export interface MachineArguments {
  readonly threads?: number;
  readonly gpuLayers?: number;
}

export const machineOptions = {
  threads: { type: 'number', describe: 'threads [default: what this process may use]' },
  'gpu-layers': {
    type: 'number',
    describe:
      'layers that llama.cpp runs on GPUs, 99 for all; needs a GPU build of it [default: 0]',
  },
} as const;

/** @throws {RangeError} `ERR_ARGUMENT` naming the option */
export function machineOptionsOf({ threads, gpuLayers }: MachineArguments) {
  return {
    threads: parseCount('threads', threads),
    gpuLayers: parseCount('gpu-layers', gpuLayers, 0),
  };
}

/** Options of several commands. */
export const homeOption = {
  type: 'string',
  describe:
    'folder of models, snapshots, studies and winners [default: SPARSETUNE_HOME or the cache folder]',
} as const;

export const jsonOption = {
  type: 'boolean',
  default: false,
  describe: 'machine-readable output',
} as const;

/** The entries that have a value. */
export function defined<T extends object>(
  values: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as never;
}
