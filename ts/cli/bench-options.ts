import { listPresets } from '../maskers/presets.js';
import {
  defined,
  homeOption,
  jsonOption,
  type MachineArguments,
  machineOptions,
  machineOptionsOf,
  parseBytes,
  parseCount,
  parseList,
  type TaskArguments,
  taskOptions,
  taskOptionsOf,
} from './options.js';

/** What `bench` and `run` are told alike. */
export interface BenchArguments extends TaskArguments, MachineArguments {
  model: string | string[];
  task: string | string[];
  config: string | string[];
  resultDir?: string;
  objective?: string;
  global?: boolean;
  maxRequests?: number;
  maxContextLength?: number;
  maxNewTokens?: number;
  speedQuestions?: number;
  seed?: number;
  home?: string;
  snapshotLimit?: string;
  restart: boolean;
  dryRun: boolean;
  json: boolean;
  quiet: boolean;
}

export const benchOptions = {
  model: {
    type: 'string',
    demandOption: true,
    describe: 'GGUF file, hf: URI or test model, as for tune; several with commas',
  },
  task: {
    type: 'string',
    demandOption: true,
    describe: "tasks, with commas, e.g. niah_mq8@512; a benchmark's name is all its tasks",
  },
  config: {
    type: 'string',
    demandOption: true,
    describe:
      'with commas: dense, a config (its winner, else its untuned default), NAME:default, auto (the best winner of all), or a JSON file',
  },
  'result-dir': { type: 'string', describe: 'folder of the results [default: bench-results]' },
  objective: {
    type: 'string',
    describe: 'of the winners that are taken [default: "kl s.t. density<=0.1"]',
  },
  global: {
    type: 'boolean',
    describe: "one winner for all the tasks, in place of each task's own",
  },
  'max-requests': {
    type: 'number',
    describe: 'questions of each task, spread over its contexts [default: all]',
  },
  'max-context-length': { type: 'number', describe: 'cut contexts to so many tokens' },
  'max-new-tokens': { type: 'number', describe: "bound of an answer's tokens, below the task's" },
  'speed-questions': {
    type: 'number',
    describe: 'questions on which tokens a second are measured [default: 3]',
  },
  seed: { type: 'number', describe: 'seed of the random draws inside the maskers' },
  ...machineOptions,
  home: homeOption,
  ...taskOptions,
  'snapshot-limit': { type: 'string', describe: 'disk space for KV snapshots [default: 20GB]' },
  restart: {
    type: 'boolean',
    default: false,
    describe: 'remove the answers that are there and measure anew',
  },
  'dry-run': {
    type: 'boolean',
    default: false,
    describe: 'only print what would be done and how long it may take',
  },
  json: { ...jsonOption, describe: 'one JSON event a line' },
  quiet: { type: 'boolean', default: false, describe: 'only the result' },
} as const;

/** @throws {TypeError | RangeError} `ERR_ARGUMENT` naming the option */
export function benchOptionsOf(args: BenchArguments) {
  const { resultDir, objective, global, home } = args;
  return {
    model: parseList('model', args.model),
    task: parseList('task', args.task),
    config: parseList('config', args.config),
    ...defined({
      resultDir,
      objective,
      global,
      home,
      maxRequests: parseCount('max-requests', args.maxRequests),
      maxContextLength: parseCount('max-context-length', args.maxContextLength),
      maxNewTokens: parseCount('max-new-tokens', args.maxNewTokens),
      speedQuestions: parseCount('speed-questions', args.speedQuestions, 0),
      seed: parseCount('seed', args.seed, 0),
      ...machineOptionsOf(args),
      snapshotLimitBytes: parseBytes('snapshot-limit', args.snapshotLimit),
      ...taskOptionsOf(args),
      restart: args.restart ? true : undefined,
      dryRun: args.dryRun ? true : undefined,
    }),
  };
}

export function configNames(): string {
  return listPresets()
    .map(({ name }) => name)
    .join(', ');
}
