import type { CommandModule } from 'yargs';
import { Model } from '../engine/model.js';
import { promptTools, specialTokens } from '../engine/prompt-tools.js';
import { resolveHome } from '../home.js';
import { renderContext } from '../tasks/prompt.js';
import { getBenchmark, resolveTasks, taskNames } from '../tasks/registry.js';
import { type Split, splits, type Task } from '../tasks/task.js';
import { resolveModelFile } from '../tune/model-file.js';
import { type CliContext, print } from './context.js';
import {
  homeOption,
  jsonOption,
  parseCount,
  type TaskArguments,
  taskOptions,
  taskOptionsOf,
} from './options.js';
import { type Sample, sampleLines } from './view/sample.js';
import { type BenchmarkEntry, benchmarkLines, taskLines } from './view/task.js';

interface CommonArguments extends TaskArguments {
  home?: string;
  json: boolean;
}

interface ShowArguments extends CommonArguments {
  id: string;
}

interface SampleArguments extends ShowArguments {
  model: string;
  split: Split;
  n: number;
  full: boolean;
}

const idOption = {
  type: 'string',
  demandOption: true,
  describe: '<benchmark>[/<subset>][@tokens], e.g. ruler/vt@4096',
} as const;

const sampleOptions = {
  model: {
    type: 'string',
    demandOption: true,
    describe: 'whose tokenizer and chat template are used, as for tune',
  },
  split: {
    choices: splits,
    default: 'search',
    describe: 'prompts of a search, of the choice of its winner, or of a benchmark run',
  },
  n: { type: 'number', default: 1, describe: 'prompts to print of each task' },
  full: { type: 'boolean', default: false, describe: 'the whole context, not its ends alone' },
} as const;

/** `sparsetune task ls|show|sample`: what can be asked of a model, and how that looks. */
export function taskCommand(context: CliContext): CommandModule<object, object> {
  return {
    command: 'task <action>',
    describe: 'list tasks, show one, or print its prompts',
    builder: (yargs) =>
      yargs
        .options({ home: homeOption, json: jsonOption })
        .command(['ls', 'list'], 'list the benchmarks and their subsets', {}, (args) =>
          list(context, args as unknown as CommonArguments),
        )
        .command(
          'show <id>',
          'show what a task measures, its parameters, splits and metric',
          (own) => own.positional('id', idOption).options(taskOptions),
          (args) => show(context, args as unknown as ShowArguments),
        )
        .command(
          'sample <id>',
          'print prompts as a model gets them',
          (own) => own.positional('id', idOption).options({ ...sampleOptions, ...taskOptions }),
          (args) => sample(context, args as unknown as SampleArguments),
        )
        .demandCommand(1, 'Name an action: ls, show or sample.')
        .strict(),
    handler: () => {},
  };
}

async function list(context: CliContext, { json }: CommonArguments): Promise<void> {
  const entries: BenchmarkEntry[] = taskNames().map((name) => ({ name, ...getBenchmark(name) }));
  if (json) return print(context, [JSON.stringify(entries)]);
  print(context, benchmarkLines(entries, Math.min(100, context.out.columns ?? 100)));
}

async function show(context: CliContext, args: ShowArguments): Promise<void> {
  const tasks = tasksOf(args);
  if (!args.json) return print(context, tasks.flatMap(taskLines));
  const shown = tasks.map(({ id, version, parameters, promptStyle, about }) => ({
    id,
    version,
    parameters,
    promptStyle,
    ...about,
  }));
  print(context, [JSON.stringify(shown)]);
}

function tasksOf(args: ShowArguments): Task[] {
  return resolveTasks([args.id], { ...taskOptionsOf(args), home: args.home });
}

async function sample(context: CliContext, args: SampleArguments): Promise<void> {
  const n = parseCount('n', args.n) ?? 1;
  const tasks = tasksOf(args);
  for (const task of tasks) await task.prepare?.();
  const home = resolveHome(args.home, context.env);
  const { path } = await resolveModelFile(args.model, { home });
  const model = await Model.load(path, { threads: 1 });
  for (const task of tasks) {
    const samples = await samplesOf(task, model, { split: args.split, n });
    for (const one of samples) {
      print(context, args.json ? [JSON.stringify(one)] : sampleLines(one, args.full));
    }
  }
}

/** The first prompts of a split, context by context. */
async function samplesOf(
  task: Task,
  model: Model,
  { split, n }: { split: Split; n: number },
): Promise<Sample[]> {
  const tools = promptTools(model);
  const special = specialTokens(model);
  const show = (tokens: Int32Array) => model.detokenize(tokens, { special: true });
  const samples: Sample[] = [];
  for (const context of await task.contexts(split, tools)) {
    const rendered = renderContext(context, task.promptStyle, tools, special);
    for (const { question, promptTokens, goldTokens } of rendered.questions) {
      if (samples.length === n) return samples;
      samples.push({
        task: task.id,
        id: question.id,
        context: { text: show(rendered.contextTokens), tokens: rendered.contextTokens.length },
        prompt: { text: show(promptTokens), tokens: promptTokens.length },
        ...(goldTokens && { gold: { text: show(goldTokens), tokens: goldTokens.length } }),
        references: question.references,
        maxNewTokens: question.maxNewTokens,
        ...(question.depth === undefined ? {} : { depth: question.depth }),
      });
    }
  }
  return samples;
}
