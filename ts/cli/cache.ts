import type { ArgumentsCamelCase, CommandModule } from 'yargs';
import { importBundle, readBundle, writeBundle } from '../cache/bundle.js';
import { type Front, frontFolder } from '../cache/front.js';
import { ImportedStarts, type StoredStart } from '../cache/imported-starts.js';
import { tasksOf, type ValidationRow, type Winner, type WinnerKey } from '../cache/winner.js';
import { byId, WinnerCache } from '../cache/winner-cache.js';
import { rejectArgument, SparseTuneError } from '../errors.js';
import { resolveHome } from '../home.js';
import { lookUpWinner, type WinnerLookup } from '../tune/get-winner.js';
import { isHubPath } from '../tune/hub-exchange.js';
import { exportHub, importHubPath, startDetails, startLines } from './cache-hub.js';
import { type CliContext, type ExitCode, exitCodes, print, warn } from './context.js';
import { defined, homeOption, jsonOption } from './options.js';
import { number, percent, range } from './view/format.js';
import { frontDetails, scoreText, winnerDetails } from './view/result.js';
import { table } from './view/table.js';

interface CacheArguments {
  home?: string;
  json: boolean;
  id?: string;
}

interface ExportArguments {
  ids?: string[];
  out: string;
  format: 'sparsetune' | 'sparse-attention-hub';
  home?: string;
  json: boolean;
}

interface ImportArguments {
  file: string;
  home?: string;
  json: boolean;
}

const idOption = { type: 'string', demandOption: true } as const;
const idsOption = { type: 'string', array: true } as const;
const exportOptions = {
  out: {
    type: 'string',
    demandOption: true,
    describe: 'file to write; of sparse-attention-hub a folder where there are several',
  },
  format: {
    choices: ['sparsetune', 'sparse-attention-hub'],
    default: 'sparsetune',
    describe: 'one bundle, or what sparse-attention-hub reads',
  },
} as const;

interface FindArguments {
  model: string;
  config: string;
  task: string;
  objective?: string;
  home?: string;
  json: boolean;
}

const findOptions = {
  model: { type: 'string', demandOption: true, describe: 'as for tune' },
  config: { type: 'string', demandOption: true, describe: 'name of a config' },
  task: { type: 'string', demandOption: true, describe: 'a task, e.g. niah_mq8@2048' },
  objective: { type: 'string', describe: 'as for tune [default: "kl s.t. density<=0.1"]' },
} as const;

/** A stored winner, or the front of a search for two objectives. */
type Stored = { readonly path: string; readonly id: string } & (
  | { readonly winner: Winner }
  | { readonly front: Front }
);

/** What a stored id stands for. */
type Named = Stored | StoredStart;

/** `sparsetune cache ls|show|find|export|import|rm`: the stored winners and fronts. */
export function cacheCommand(
  context: CliContext,
  finish: (code: ExitCode) => void,
): CommandModule<object, object> {
  return {
    command: 'cache <action>',
    describe: 'list, show, find, export, import or remove stored winners',
    builder: (yargs) =>
      yargs
        .options({ home: homeOption, json: jsonOption })
        .command(['ls', 'list'], 'list the winners and fronts, newest first', {}, (args) =>
          list(context, cast(args)),
        )
        .command(
          'show <id>',
          'show a winner or a front with its evidence',
          (own) => own.positional('id', idOption),
          (args) => show(context, cast(args)),
        )
        .command(
          'find',
          'show the winner that answers for a model, config and task',
          (own) => own.options(findOptions),
          (args) => find(context, args as unknown as FindArguments),
        )
        .command(
          'export [ids..]',
          'put winners and fronts into one file; all where no id is given',
          (own) => own.positional('ids', idsOption).options(exportOptions),
          async (args) => finish(await exportAll(context, args as unknown as ExportArguments)),
        )
        .command(
          'import <file>',
          'take winners and fronts from an exported file, or results of sparse-attention-hub',
          (own) => own.positional('file', idOption),
          async (args) => finish(await importAll(context, args as unknown as ImportArguments)),
        )
        .command(
          'rm <id>',
          'remove a winner or a front',
          (own) => own.positional('id', idOption),
          (args) => remove(context, cast(args)),
        )
        .demandCommand(1, 'Name an action: ls, show, find, export, import or rm.')
        .strict(),
    handler: () => {},
  };
}

function cast(args: ArgumentsCamelCase): CacheArguments {
  return args as unknown as CacheArguments;
}

function openFolders(context: CliContext, args: { readonly home?: string }) {
  const home = resolveHome(args.home, context.env);
  const onWarning = (text: string) => warn(context, text);
  return {
    winners: new WinnerCache(home, { onWarning }),
    fronts: frontFolder(home, onWarning),
    starts: new ImportedStarts(home, onWarning),
  };
}

/** All that is stored, newest first. */
async function storedIn({ winners, fronts }: ReturnType<typeof openFolders>): Promise<Stored[]> {
  const stored: Stored[] = [
    ...(await winners.list()),
    ...(await fronts.list()).map(({ path, id, record }) => ({ path, id, front: record })),
  ];
  const madeAt = (entry: Stored) => recordOf(entry).provenance.createdAt;
  return stored.sort((a, b) => madeAt(b).localeCompare(madeAt(a)));
}

/** The one record of an id, an imported configuration included. */
async function namedIn(folders: ReturnType<typeof openFolders>, id: string): Promise<Named> {
  return byId<Named>([...(await storedIn(folders)), ...(await folders.starts.list())], id);
}

function recordOf(stored: Stored): Winner | Front {
  return 'winner' in stored ? stored.winner : stored.front;
}

async function list(context: CliContext, args: CacheArguments): Promise<void> {
  const folders = openFolders(context, args);
  const stored = await storedIn(folders);
  const starts = await folders.starts.list();
  if (args.json) return print(context, [JSON.stringify([...stored, ...starts])]);
  if (stored.length === 0)
    return print(context, [
      'No winners are stored. "sparsetune tune" finds one.',
      ...startLines(starts),
    ]);
  const titles = ['id', 'config', 'task', 'objective', 'score', 'KL', 'density', 'made'];
  print(
    context,
    table(
      titles.map((title) => ({ title, align: 'left' as const })),
      stored.map(row),
    ),
  );
  if (starts.length > 0) print(context, ['', ...startLines(starts)]);
}

function row(stored: Stored): string[] {
  const { key, validation, provenance } = recordOf(stored);
  const found = validation.rows.filter(({ isWinner }) => isWinner);
  const over = (
    read: (row: ValidationRow) => number | undefined,
    text: (value: number) => string,
  ) =>
    range(
      found.flatMap((row) => read(row) ?? []),
      text,
    );
  return [
    stored.id,
    key.config,
    tasksOf(key).join(' + '),
    key.objective,
    over(({ score }) => score, scoreText) || scoreText(undefined),
    over(({ metrics }) => metrics.kl, number),
    over(({ metrics }) => metrics.density, percent),
    provenance.createdAt.slice(0, 16),
  ];
}

async function show(context: CliContext, args: CacheArguments): Promise<void> {
  const stored = await namedIn(openFolders(context, args), args.id ?? '');
  if ('start' in stored)
    return print(context, args.json ? [JSON.stringify(stored.start)] : startDetails(stored));
  if (args.json) return print(context, [JSON.stringify(recordOf(stored))]);
  const { path } = stored;
  const isWinner = 'winner' in stored;
  print(context, isWinner ? winnerDetails(path, stored.winner) : frontDetails(path, stored.front));
}

/** The winner that `getWinner` gives, or what is stored instead. */
async function find(context: CliContext, args: FindArguments): Promise<void> {
  const { model, config, task, objective } = args;
  const home = resolveHome(args.home, context.env);
  const onWarning = (message: string) => warn(context, message);
  const options = { model, config, task, home, onWarning, ...defined({ objective }) };
  const { cache, query, found } = await lookUpWinner(options);
  if (found === undefined) {
    const known = (await cache.list()).map(({ winner }) => winner.key);
    throw new SparseTuneError('ERR_NO_WINNER', noWinnerText(query, known));
  }
  if (args.json) return print(context, [JSON.stringify(found)]);
  const { kind, id, path, winner } = found;
  print(context, [`${kind} winner ${id}`, '', ...winnerDetails(path, winner)]);
}

function noWinnerText(
  { modelFingerprint, config, task, objective }: WinnerLookup['query'],
  known: readonly WinnerKey[],
): string {
  const near = known.filter(
    (key) => key.modelFingerprint === modelFingerprint && key.config === config,
  );
  const names = near.map((key) => `"${key.objective}" on ${tasksOf(key).join(' + ')}`);
  const others =
    names.length === 0 ? '' : ` There are winners for ${[...new Set(names)].join('; ')}.`;
  return `No winner of ${config} on ${task} for "${objective}" is stored for this model. "sparsetune tune" finds one.${others}`;
}

async function exportAll(context: CliContext, args: ExportArguments): Promise<ExitCode> {
  const all = await storedIn(openFolders(context, args));
  const { ids = [] } = args;
  const chosen = new Set(ids.length === 0 ? all : ids.map((id) => byId(all, id)));
  if (chosen.size === 0) {
    throw new SparseTuneError(
      'ERR_NO_WINNER',
      'No winners are stored. "sparsetune tune" finds one.',
    );
  }
  if (args.format === 'sparse-attention-hub') {
    const isAll = ids.length === 0;
    return exportHub(context, winnersOf(chosen, { isAll }), args);
  }
  const winners = [...chosen].flatMap((stored) => ('winner' in stored ? [stored.winner] : []));
  const fronts = [...chosen].flatMap((stored) => ('front' in stored ? [stored.front] : []));
  await writeBundle(args.out, { winners, fronts });
  const counts = { winners: winners.length, fronts: fronts.length };
  const text = `Exported ${counts.winners} winners and ${counts.fronts} fronts to ${args.out}`;
  print(context, [args.json ? JSON.stringify({ out: args.out, ...counts }) : text]);
  return exitCodes.done;
}

/** The winners of a choice; the hub has no file for the several configurations of a front. */
function winnersOf(chosen: ReadonlySet<Stored>, { isAll }: { isAll: boolean }) {
  return [...chosen].flatMap((stored) => {
    if ('winner' in stored) return [stored];
    const expected = 'winners alone, since sparse-attention-hub knows no fronts,';
    return isAll ? [] : rejectArgument('id', expected, stored.id);
  });
}

async function importAll(context: CliContext, args: ImportArguments): Promise<ExitCode> {
  const home = resolveHome(args.home, context.env);
  if (await isHubPath(args.file)) return importHubPath(context, args.file, { ...args, home });
  const bundle = await readBundle(args.file);
  const imported = await importBundle(bundle, home, (text) => warn(context, text));
  if (args.json) {
    print(context, [JSON.stringify(imported)]);
    return exitCodes.done;
  }
  const lines = imported.map(({ id, key, outcome, reason }) => {
    const what = `${id} ${key.config} on ${tasksOf(key).join(' + ')}: ${key.objective}`;
    return `${outcome.padEnd(8)}  ${what}${reason === undefined ? '' : `; ${reason}`}`;
  });
  const isAnySkipped = imported.some(({ outcome }) => outcome === 'skipped');
  print(context, [
    ...lines,
    ...(isAnySkipped
      ? ['To take one that was skipped: sparsetune cache rm ID, then import again.']
      : []),
  ]);
  return exitCodes.done;
}

async function remove(context: CliContext, args: CacheArguments): Promise<void> {
  const folders = openFolders(context, args);
  const stored = await namedIn(folders, args.id ?? '');
  if ('start' in stored) {
    await folders.starts.remove(stored);
    return print(context, [`Removed ${stored.path}`]);
  }
  const folder = 'winner' in stored ? folders.winners : folders.fronts;
  await folder.remove(recordOf(stored).key);
  print(context, [`Removed ${stored.path}`]);
}
