import type { ArgumentsCamelCase, CommandModule } from 'yargs';
import { SparseTuneError } from '../errors.js';
import { resolveHome } from '../home.js';
import type { Budget } from '../search/budget.js';
import { listStudies, readStudy } from '../search/journal-storage.js';
import { studyEffects, viewStudy } from '../search/study-view.js';
import { resolveBudget } from '../tune/budget.js';
import { recallOptions, type StudyOptions } from '../tune/study-options.js';
import { type CliContext, type ExitCode, exitCodes, print, warn } from './context.js';
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
} from './options.js';
import { runTune } from './run-tune.js';
import { budgetText } from './view/format.js';
import { marginalValues, stateOf, studyLines, studyTable, type ViewedStudy } from './view/study.js';

interface StudyArguments extends LimitArguments, MachineArguments {
  home?: string;
  json: boolean;
  quiet: boolean;
  name?: string;
}

/** `sparsetune study ls|show|resume`: the searches in the home folder. */
export function studyCommand(
  context: CliContext,
  finish: (code: ExitCode) => void,
): CommandModule<object, object> {
  return {
    command: 'study <action>',
    describe: 'list, show or go on with searches',
    builder: (yargs) =>
      yargs
        .options({ home: homeOption, json: jsonOption })
        .command(['ls', 'list'], 'list the studies', {}, (args) => list(context, cast(args)))
        .command('show <name>', 'show a study and its best trials', {}, (args) =>
          show(context, cast(args)),
        )
        .command(
          'resume <name>',
          'go on with a study that was stopped, or longer than before',
          {
            ...machineOptions,
            ...limitOptions,
            quiet: { type: 'boolean', default: false, describe: 'only the result' },
          },
          async (args) => finish(await resume(context, cast(args))),
        )
        .demandCommand(1, 'Name an action: ls, show or resume.')
        .strict(),
    handler: () => {},
  };
}

function cast(args: ArgumentsCamelCase): StudyArguments {
  return args as unknown as StudyArguments;
}

async function list(context: CliContext, { home, json }: StudyArguments): Promise<void> {
  const folder = resolveHome(home, context.env);
  const studies: ViewedStudy[] = [];
  for (const name of await listStudies(folder)) {
    const viewed = await viewOrWarn(context, folder, name);
    if (viewed !== undefined) studies.push(viewed);
  }
  studies.sort((a, b) => b.study.updatedAt.getTime() - a.study.updatedAt.getTime());
  if (json) return print(context, [JSON.stringify(studies.map(summary))]);
  if (studies.length === 0) {
    return print(context, ['No studies are stored. "sparsetune tune" starts one.']);
  }
  print(context, studyTable(studies));
}

/** One study that cannot be read does not hide the others. */
async function viewOrWarn(
  context: CliContext,
  home: string,
  name: string,
): Promise<ViewedStudy | undefined> {
  try {
    const study = await readStudy(home, name);
    return { study, view: viewStudy(study.state) };
  } catch (error) {
    if (!(error instanceof SparseTuneError)) throw error;
    warn(context, `${name}: ${error.message}`);
    return undefined;
  }
}

function summary({ study, view }: ViewedStudy) {
  const { name, path, state, updatedAt, warnings } = study;
  return {
    name,
    path,
    state: stateOf(study),
    ...(state.finish !== undefined && { finish: state.finish }),
    updatedAt: updatedAt.toISOString(),
    header: state.header,
    progress: view.progress,
    ...(view.front !== undefined && { front: view.front.map(({ number }) => number) }),
    warnings,
  };
}

async function show(context: CliContext, args: StudyArguments): Promise<void> {
  const home = resolveHome(args.home, context.env);
  const study = await readStudy(home, args.name ?? '');
  for (const message of study.warnings) warn(context, message);
  const view = viewStudy(study.state);
  const effects = studyEffects(study.state, args.json ? undefined : marginalValues);
  const start = await startIn(home, study.name);
  if (!args.json) {
    const told = start && defined({ ...start, limits: budgetText(start) });
    return print(context, studyLines({ study, view }, effects, told));
  }
  const { trials, outside, prior } = study.state;
  const ranking = view.ranked.map(({ number }) => number);
  const began = { ...(view.progress.imports && { outside }), ...(prior.length > 0 && { prior }) };
  const all = { ...summary({ study, view }), ...start, ...began, ranking, effects, trials };
  print(context, [JSON.stringify(all)]);
}

/** How a study that `tune` started goes on and began; its journal has its trials alone. */
async function startIn(
  home: string,
  name: string,
): Promise<{ budget: Budget; patience?: number; continueFrom?: string } | undefined> {
  const options = await recallOptions(home, name).catch(() => undefined);
  if (options === undefined) return undefined;
  const { trials, budget, patience, continueFrom } = options;
  return {
    budget: resolveBudget(defined({ trials, budget })),
    ...defined({ patience, continueFrom }),
  };
}

async function resume(context: CliContext, args: StudyArguments): Promise<ExitCode> {
  const home = resolveHome(args.home, context.env);
  const { name } = await readStudy(home, args.name ?? '');
  const { force, pending, ...options } = raise(await recallOptions(home, name), args);
  const common = { ...options, home, ...defined(machineOptionsOf(args)) };
  let code: ExitCode = exitCodes.done;
  for (const [i, step] of pending.entries()) {
    const how = i === 0 ? { resume: name } : defined({ force });
    const own = await runTune({ ...common, ...step, ...how }, args, context);
    if (own === exitCodes.interrupted) return own;
    if (own !== exitCodes.done) code = own;
  }
  return code;
}

/** What a study was started with, under new limits where some are given: of trials and budget the new replace both. */
function raise({ trials, budget, ...options }: StudyOptions, args: LimitArguments): StudyOptions {
  const { patience, ...limits } = limitsOf(args);
  const given = defined(limits);
  const bounds = Object.keys(given).length > 0 ? given : defined({ trials, budget });
  return { ...options, ...bounds, ...defined({ patience }) };
}
