import type { ArgumentsCamelCase, CommandModule } from 'yargs';
import { tasksOf } from '../cache/winner.js';
import { type StoredWinner, WinnerCache } from '../cache/winner-cache.js';
import { resolveHome } from '../home.js';
import { type CliContext, print, warn } from './context.js';
import { homeOption, jsonOption } from './options.js';
import { number, percent } from './view/format.js';
import { winnerDetails } from './view/result.js';
import { table } from './view/table.js';

interface CacheArguments {
  home?: string;
  json: boolean;
  id?: string;
}

/** `sparsetune cache ls|show|rm`: the stored winners. */
export function cacheCommand(context: CliContext): CommandModule<object, object> {
  const open = (args: CacheArguments) =>
    new WinnerCache(resolveHome(args.home, context.env), {
      onWarning: (text) => warn(context, text),
    });
  return {
    command: 'cache <action>',
    describe: 'list, show or remove stored winners',
    builder: (yargs) =>
      yargs
        .options({ home: homeOption, json: jsonOption })
        .command(['ls', 'list'], 'list the winners, newest first', {}, (args) =>
          list(context, open(cast(args)), cast(args)),
        )
        .command('show <id>', 'show a winner with its evidence', {}, (args) =>
          show(context, open(cast(args)), cast(args)),
        )
        .command('rm <id>', 'remove a winner', {}, (args) =>
          remove(context, open(cast(args)), cast(args)),
        )
        .demandCommand(1, 'Name an action: ls, show or rm.')
        .strict(),
    handler: () => {},
  };
}

function cast(args: ArgumentsCamelCase): CacheArguments {
  return {
    ...args,
    id: args['id'] === undefined ? undefined : String(args['id']),
  } as unknown as CacheArguments;
}

async function list(
  context: CliContext,
  cache: WinnerCache,
  { json }: CacheArguments,
): Promise<void> {
  const winners = await cache.list();
  if (json) return print(context, [JSON.stringify(winners)]);
  if (winners.length === 0)
    return print(context, ['No winners are stored. "sparsetune tune" finds one.']);
  const titles = ['id', 'config', 'task', 'objective', 'score', 'KL', 'density', 'made'];
  print(
    context,
    table(
      titles.map((title) => ({ title, align: 'left' as const })),
      winners.map(row),
    ),
  );
}

function row({ id, winner }: StoredWinner): string[] {
  const { key, validation, provenance } = winner;
  const best = validation.rows.find(({ isWinner }) => isWinner);
  const measured =
    best === undefined
      ? ['', '', '']
      : [best.score.toFixed(3), number(best.metrics.kl), percent(best.metrics.density)];
  return [
    id,
    key.config,
    tasksOf(key).join(' + '),
    key.objective,
    ...measured,
    provenance.createdAt.slice(0, 16),
  ];
}

async function show(
  context: CliContext,
  cache: WinnerCache,
  { id = '', json }: CacheArguments,
): Promise<void> {
  const { path, winner } = await cache.get(id);
  print(context, json ? [JSON.stringify(winner)] : winnerDetails(path, winner));
}

async function remove(
  context: CliContext,
  cache: WinnerCache,
  { id = '' }: CacheArguments,
): Promise<void> {
  const { path, winner } = await cache.get(id);
  await cache.remove(winner.key);
  print(context, [`Removed ${path}`]);
}
