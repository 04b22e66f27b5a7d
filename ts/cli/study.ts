import type { ArgumentsCamelCase, CommandModule } from 'yargs';
import { StorageError } from '../errors.js';
import { resolveHome } from '../home.js';
import { listStudies, readStudy, type StoredStudy } from '../search/journal-storage.js';
import { latestResult, type Trial } from '../search/trial.js';
import { recallOptions, type StudyOptions } from '../tune/study-options.js';
import { type CliContext, type ExitCode, exitCodes, print, warn } from './context.js';
import {
  defined,
  homeOption,
  jsonOption,
  type LimitArguments,
  limitOptions,
  limitsOf,
  parseCount,
} from './options.js';
import { runTune } from './run-tune.js';
import { number, parameters, percent } from './view/format.js';
import { table } from './view/table.js';

interface StudyArguments extends LimitArguments {
  home?: string;
  json: boolean;
  quiet: boolean;
  threads?: number;
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
            threads: { type: 'number', describe: 'threads [default: what this process may use]' },
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
  const studies: StoredStudy[] = [];
  for (const name of await listStudies(folder)) {
    const study = await readOrWarn(context, folder, name);
    if (study !== undefined) studies.push(study);
  }
  studies.sort((a, b) => b.updatedAt.getTime() - a.updatedAt.getTime());
  if (json) return print(context, [JSON.stringify(studies.map(summary))]);
  if (studies.length === 0) {
    return print(context, ['No studies are stored. "sparsetune tune" starts one.']);
  }
  const titles = ['name', 'config', 'task', 'trials', 'state', 'best', 'changed'];
  print(
    context,
    table(
      titles.map((title) => ({ title, align: 'left' as const })),
      studies.map(row),
    ),
  );
}

/** One damaged journal does not hide the other studies. */
async function readOrWarn(
  context: CliContext,
  home: string,
  name: string,
): Promise<StoredStudy | undefined> {
  try {
    return await readStudy(home, name);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    warn(context, error.message);
    return undefined;
  }
}

function summary(study: StoredStudy) {
  return {
    name: study.name,
    path: study.path,
    state: stateOf(study),
    updatedAt: study.updatedAt.toISOString(),
    header: study.state.header,
    progress: study.state.progress(),
    warnings: study.warnings,
  };
}

function stateOf({ state, writer }: StoredStudy): string {
  if (state.finish !== undefined) return 'done';
  return writer === undefined ? 'stopped' : `running (process ${writer})`;
}

function row(study: StoredStudy): string[] {
  const { trials, best } = study.state.progress();
  const key = keyOf(study);
  const metrics = best?.metrics;
  return [
    study.name,
    String(key['config'] ?? ''),
    String(key['task'] ?? ''),
    `${study.state.trials.length}/${trials}`,
    stateOf(study),
    metrics === undefined ? '' : metricsText(metrics),
    study.updatedAt.toISOString().slice(0, 16),
  ];
}

async function show(context: CliContext, args: StudyArguments): Promise<void> {
  const study = await readStudy(resolveHome(args.home, context.env), args.name ?? '');
  for (const message of study.warnings) warn(context, message);
  const { header, trials } = study.state;
  if (args.json) return print(context, [JSON.stringify({ ...summary(study), trials })]);
  const { complete, pruned, failed, running, rungs } = study.state.progress();
  const columns = ['trial', 'state', 'questions', 'objective', 'metrics', 'parameters'];
  print(context, [
    `${study.name}: ${stateOf(study)}, ${study.path}`,
    `  objective   ${header?.objective ?? ''}`,
    `  about       ${parameters(keyOf(study))}`,
    `  trials      ${trials.length} of ${header?.trials ?? 0}: ${complete} complete, ${pruned} pruned, ${failed} failed, ${running} running`,
    `  rungs       ${rungs.map((rung) => `${rung.trials} at ${rung.resource} questions`).join(', ')}`,
    '',
    ...table(
      columns.map((title) => ({ title, align: 'left' as const })),
      ranked(study).map(trialRow),
    ).map((line) => `  ${line}`),
    ...(study.state.finish === undefined
      ? ['', `  go on: sparsetune study resume ${study.name}`]
      : []),
  ]);
}

/** The key of the winner that the study searches for; empty for a study that `tune` did not start. */
function keyOf({ state }: StoredStudy): Readonly<Record<string, unknown>> {
  return (state.header?.metadata['key'] ?? {}) as Readonly<Record<string, unknown>>;
}

/** The best trials first, then the rest by number. */
function ranked({ state }: StoredStudy): Trial[] {
  const best = state.best(state.trials.length);
  return [...best, ...state.trials.filter((trial) => !best.includes(trial))];
}

function trialRow(trial: Trial): string[] {
  const result = latestResult(trial);
  const mark = result !== undefined && result.violation > 0 ? ' (breaks the constraint)' : '';
  return [
    String(trial.number),
    trial.state,
    String(result?.resource ?? 0),
    result === undefined ? '' : `${number(result.value)}${mark}`,
    result === undefined ? (trial.error ?? '') : metricsText(result.metrics),
    parameters(trial.params),
  ];
}

function metricsText(metrics: Readonly<Record<string, number>>): string {
  const { kl, density } = metrics;
  const parts = [
    ...(kl === undefined ? [] : [`KL ${number(kl)}`]),
    ...(density === undefined ? [] : [`density ${percent(density)}`]),
  ];
  return parts.join(', ');
}

async function resume(context: CliContext, args: StudyArguments): Promise<ExitCode> {
  const home = resolveHome(args.home, context.env);
  const { name } = await readStudy(home, args.name ?? '');
  const { force, config, enqueue, ...options } = raise(await recallOptions(home, name), args);
  const [first = '', ...rest] = config;
  const common = { ...options, home, ...defined({ threads: parseCount('threads', args.threads) }) };
  const code = await runTune({ ...common, config: [first], resume: true }, args, context);
  if (code === exitCodes.interrupted || rest.length === 0) return code;
  const others = await runTune(
    { ...common, config: rest, ...defined({ force, enqueue }) },
    args,
    context,
  );
  return others === exitCodes.done ? code : others;
}

/** What a study was started with, under new limits where some are given: of trials and budget the new replace both. */
function raise({ trials, budget, ...options }: StudyOptions, args: LimitArguments): StudyOptions {
  const { patience, ...limits } = limitsOf(args);
  const given = defined(limits);
  const bounds = Object.keys(given).length > 0 ? given : defined({ trials, budget });
  return { ...options, ...bounds, ...defined({ patience }) };
}
