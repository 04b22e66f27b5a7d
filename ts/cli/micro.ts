import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { CommandModule } from 'yargs';
import type { KvDtype } from '../attention/kv-cache.js';
import { rejectArgument } from '../errors.js';
import { validateConfig } from '../maskers/config-schema.js';
import { getPreset, listPresets } from '../maskers/presets.js';
import { quantile } from '../micro/rounds.js';
import { type MicroRow, micro, microOps, type NamedConfig } from '../micro.js';
import type { Isa } from '../native/isa.js';
import type { SparseConfig } from '../sparse-config.js';
import { type CliContext, print } from './context.js';
import { defined, jsonOption, parseList } from './options.js';
import { bytes, number, percent } from './view/format.js';
import { type Column, table } from './view/table.js';

const kvDtypes: readonly KvDtype[] = ['f32', 'bf16', 'f16'];

interface MicroArguments {
  op: string | string[] | undefined;
  heads: string;
  headDim: number;
  nKv: string | string[];
  dtype: string | string[];
  config?: string | string[];
  isa?: string;
  threads: number;
  rounds: number;
  roundMs: number;
  json: boolean;
}

/** `sparsetune micro`: how fast attention is on this machine. */
export function microCommand(context: CliContext): CommandModule<object, MicroArguments> {
  return {
    command: 'micro',
    describe: 'measure how fast dense and sparse attention are on this machine',
    builder: (yargs) =>
      yargs.options({
        op: {
          type: 'string',
          describe: 'what to measure: dense, configs, break_even [default: all of them]',
        },
        heads: { type: 'string', default: '32/8', describe: 'query heads / KV heads' },
        'head-dim': { type: 'number', default: 128, describe: 'size of a head' },
        'n-kv': { type: 'string', default: '4k,32k', describe: 'keys; k is 1024' },
        dtype: {
          type: 'string',
          default: 'f32,bf16,f16',
          describe: 'how keys and values are stored',
        },
        config: {
          type: 'string',
          describe: 'config or JSON file { "maskers": [...] }; may repeat [default: every config]',
        },
        isa: {
          type: 'string',
          describe:
            'instruction set: scalar, avx2, avx512, neon [default: the best one of this CPU]',
        },
        threads: { type: 'number', default: 1, describe: 'threads of one step' },
        rounds: { type: 'number', default: 5, describe: 'turns of each contender, at least 5' },
        'round-ms': { type: 'number', default: 100, describe: 'milliseconds of a turn' },
        json: { ...jsonOption, describe: 'one JSON object a line' },
      }) as never,
    handler: async (args) => {
      const { json, threads, rounds, roundMs, headDim, isa } = args;
      const [nQHeads, nKvHeads] = parseHeads(args.heads);
      const rows = await micro({
        nQHeads,
        nKvHeads,
        headDim,
        nKv: parseList('n-kv', args.nKv).map(parseKeys),
        dtypes: parseChoices('dtype', args.dtype, kvDtypes),
        configs: parseConfigs(args.config),
        threads,
        rounds,
        roundMs,
        ...defined({
          isa: isa as Isa | undefined,
          ops: args.op === undefined ? undefined : parseChoices('op', args.op, microOps),
        }),
        onRow: (row) => {
          if (json) print(context, [JSON.stringify(row)]);
        },
      });
      if (!json) print(context, microLines(rows));
    },
  };
}

function parseChoices<T extends string>(
  name: string,
  value: string | readonly string[],
  choices: readonly T[],
): T[] {
  return parseList(name, value).map(
    (text) =>
      choices.find((choice) => choice === text) ?? rejectArgument(name, choices.join(' or '), text),
  );
}

/** A repeated option comes as a list, which is no pair of numbers either. */
function parseHeads(value: unknown): [number, number] {
  const match = /^(\d+)\/(\d+)$/.exec(String(value).trim());
  if (match === null) return rejectArgument('heads', 'query heads / KV heads such as 32/8', value);
  return [Number(match[1]), Number(match[2])];
}

function parseKeys(text: string): number {
  const match = /^(\d+)(k?)$/i.exec(text);
  if (match === null) return rejectArgument('n-kv', 'a number of keys such as 4k or 1000', text);
  return Number(match[1]) * (match[2] === '' ? 1 : 1024);
}

/** Names of configs and files, each alone or with commas; without any, all configs. */
function parseConfigs(value: string | readonly string[] | undefined): NamedConfig[] {
  if (value === undefined) {
    return listPresets().map(({ name, defaultConfig }) => ({ name, config: defaultConfig }));
  }
  return parseList('config', value).map((text) =>
    /[./\\]/.test(text) ? readConfig(text) : { name: text, config: getPreset(text).defaultConfig },
  );
}

function readConfig(path: string): NamedConfig {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    return rejectArgument('config', `a readable JSON file (${(cause as Error).message})`, path);
  }
  validateConfig(parsed as SparseConfig);
  return { name: basename(path, '.json'), config: parsed as SparseConfig };
}

const columns: readonly Column[] = [
  { title: '', align: 'left' },
  { title: 'ms a step' },
  { title: 'p10' },
  { title: 'p90' },
  { title: 'density' },
  { title: 'read' },
  { title: 'GB/s' },
  { title: 'of stream' },
  { title: 'x dense' },
];

/** One table for each shape, in the order in which they were measured. */
function microLines(rows: readonly MicroRow[]): string[] {
  const [first] = rows;
  if (first === undefined) return [];
  const titleOf = ({ nKv, dtype }: MicroRow) => `${nKv} keys, ${dtype}`;
  const titles = [...new Set(rows.map(titleOf))];
  const { nQHeads, nKvHeads, headDim, threads, isa, cpu } = first;
  return [
    `${cpu}, ${isa}, ${threads} ${threads === 1 ? 'thread' : 'threads'}; ${nQHeads}/${nKvHeads} heads of ${headDim}`,
    ...titles.flatMap((title) => [
      '',
      title,
      ...shapeLines(rows.filter((row) => titleOf(row) === title)),
    ]),
  ];
}

function shapeLines(rows: readonly MicroRow[]): string[] {
  const stream = rows.find(({ op }) => op === 'stream');
  const limit = stream === undefined ? Number.NaN : stream.bytes / stream.median;
  const measured = rows.filter(({ op }) => op !== 'break_even');
  const even = rows.find(({ op }) => op === 'break_even');
  return [
    ...table(
      columns,
      measured.map((row) => rowCells(row, limit)),
    ),
    ...(even === undefined
      ? []
      : [`break-even: a list per head is as slow as dense at density ${percent(even.density)}`]),
  ];
}

function rowCells({ op, ms, median, density, bytes: read, ratio }: MicroRow, limit: number) {
  return [
    op,
    number(median),
    number(quantile(ms, 0.1)),
    number(quantile(ms, 0.9)),
    percent(density),
    bytes(read),
    (read / median / 1e6).toFixed(1),
    (read / median / limit).toFixed(2),
    ratio === undefined ? '' : ratio.toFixed(2),
  ];
}
