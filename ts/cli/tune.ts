import type { CommandModule } from 'yargs';
import { listPresets } from '../maskers/presets.js';
import { taskNames } from '../tasks/registry.js';
import type { TuneOptions } from '../tune.js';
import { type CliContext, type ExitCode, UsageError } from './context.js';
import {
  defined,
  homeOption,
  jsonOption,
  type LimitArguments,
  limitOptions,
  limitsOf,
  type MachineArguments,
  machineOptions,
  machineOptionsOf,
  parseBytes,
  parseCount,
  parseList,
  readJson,
  type TaskArguments,
  taskOptions,
  taskOptionsOf,
} from './options.js';
import { runTune } from './run-tune.js';

interface TuneArguments extends LimitArguments, TaskArguments, MachineArguments {
  model: string;
  task: string | string[];
  global?: boolean;
  perTask?: boolean;
  worstTask?: number;
  config?: string | string[];
  objective?: string;
  seed?: number;
  home?: string;
  space?: string;
  enqueue?: string;
  warmStart: boolean;
  continue?: string;
  force: boolean;
  json: boolean;
  quiet: boolean;
  snapshotLimit?: string;
  metrics?: string | string[];
}

/** Whether tasks have a winner each or one together. */
const scopeOptions = {
  global: {
    type: 'boolean',
    describe: 'one config for all the tasks, in place of one for each',
  },
  'per-task': {
    type: 'boolean',
    describe: 'with --global: the winners of the single tasks too, from the same search',
  },
  'worst-task': {
    type: 'number',
    describe:
      "with --global: bound of every task's objective, 0 as dense attention, 1 as the untuned default",
  },
} as const;

/** What a search begins with. */
const startOptions = {
  enqueue: {
    type: 'string',
    describe:
      'JSON file with a list of configurations to try first: parameters, or { "maskers": [...] }',
  },
  'warm-start': {
    type: 'boolean',
    default: false,
    describe: 'begin with what won on other tasks, models and objectives',
  },
  continue: {
    type: 'string',
    describe: 'begin with the trials of an earlier study, e.g. of a coarser --space',
  },
} as const;

/** `sparsetune tune`: the main job. */
export function tuneCommand(
  context: CliContext,
  finish: (code: ExitCode) => void,
): CommandModule<object, TuneArguments> {
  return {
    command: 'tune',
    describe: 'find the best settings of one or more configs for a model and a task',
    builder: (yargs) =>
      yargs
        .options({
          model: {
            type: 'string',
            demandOption: true,
            describe:
              'GGUF file, hf:owner/repo/file.gguf, hf:owner/repo:Q4_K_M, or a test model: smollm2, gemma3, tiny',
          },
          task: {
            type: 'string',
            demandOption: true,
            describe: `task and its length in tokens, e.g. niah_mq8@2048, file:PATH of your own prompts, or several with commas (tasks: ${taskNames().join(', ')})`,
          },
          ...scopeOptions,
          config: {
            type: 'string',
            describe: `config, or several with commas: ${configNames()} [default: any, one search over all of them]`,
          },
          objective: {
            type: 'string',
            describe: 'what to minimise [default: "kl s.t. density<=0.1"]',
          },
          ...limitOptions,
          seed: { type: 'number', describe: 'seed of the search' },
          ...machineOptions,
          home: homeOption,
          space: {
            type: 'string',
            describe: 'JSON file that narrows, fixes or widens the search space',
          },
          ...startOptions,
          force: {
            type: 'boolean',
            default: false,
            describe: 'search again even if a winner is stored',
          },
          ...taskOptions,
          metrics: { type: 'string', describe: 'further metrics to measure, e.g. outputError' },
          'snapshot-limit': {
            type: 'string',
            describe: 'disk space for KV snapshots [default: 20GB]',
          },
          json: { ...jsonOption, describe: 'one JSON event a line' },
          quiet: { type: 'boolean', default: false, describe: 'only the result' },
        })
        .example(
          '$0 tune --model smollm2 --task niah_mq8@512 --config hash_attention',
          '',
        ) as never,
    handler: async (args) => {
      if (args.json && args.quiet) throw new UsageError('Give --json or --quiet, not both.');
      finish(await runTune(toTuneOptions(args), args, context));
    },
  };
}

function toTuneOptions(args: TuneArguments): TuneOptions {
  const { model, objective, home, force } = args;
  const optional = {
    objective,
    home,
    global: args.global,
    perTask: args.perTask,
    worstTask: args.worstTask,
    ...taskOptionsOf(args),
    ...limitsOf(args),
    seed: parseCount('seed', args.seed, 0),
    ...machineOptionsOf(args),
    space: readJson('space', args.space),
    enqueue: readJson('enqueue', args.enqueue) as TuneOptions['enqueue'],
    warmStart: args.warmStart ? true : undefined,
    continueFrom: args.continue,
    snapshotLimitBytes: parseBytes('snapshot-limit', args.snapshotLimit),
    metrics: args.metrics === undefined ? undefined : parseList('metrics', args.metrics),
  };
  const config = args.config === undefined ? undefined : parseList('config', args.config);
  const task = parseList('task', args.task);
  return { model, task, force, ...defined({ config }), ...defined(optional) };
}

function configNames(): string {
  return listPresets()
    .map(({ name }) => name)
    .join(', ');
}
