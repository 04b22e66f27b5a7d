import { cpus } from 'node:os';
import { checkInteger, checkIsa } from './attention/check-arguments.js';
import type { KvDtype } from './attention/kv-cache.js';
import { MachineLimits } from './attention/machine-limits.js';
import { rejectRange } from './errors.js';
import { denseBytes, gaussianRows, makeCaches, type StepShape } from './micro/caches.js';
import {
  type Bench,
  bytesOfLists,
  type Contender,
  configContender,
  gaussianQueries,
  listContender,
  streamContender,
} from './micro/contenders.js';
import { Gaussian } from './micro/gaussian.js';
import { interleave, median, medianRatio } from './micro/rounds.js';
import { loadAddon } from './native/addon.js';
import type { Isa } from './native/isa.js';
import type { SparseConfig } from './sparse-config.js';

/** What `micro` can measure. */
export const microOps = ['dense', 'configs', 'break_even'] as const;
export type MicroOp = (typeof microOps)[number];

export interface NamedConfig {
  readonly name: string;
  readonly config: SparseConfig;
}

export interface MicroOptions {
  /** Default: all. Dense attention is always measured, since the others are held against it. */
  readonly ops?: readonly MicroOp[];
  readonly nQHeads: number;
  readonly nKvHeads: number;
  readonly headDim: number;
  readonly nKv: readonly number[];
  readonly dtypes: readonly KvDtype[];
  readonly configs: readonly NamedConfig[];
  readonly isa?: Isa | undefined;
  /** Default 1. */
  readonly threads?: number;
  /** Times that every contender has its turn; at least 5. Default 5. */
  readonly rounds?: number;
  /** Milliseconds of a turn. Default 100. */
  readonly roundMs?: number;
  onRow?(row: MicroRow): void;
}

/** One measured line: a step of attention for one query position of one layer. */
export interface MicroRow {
  /** `stream` (reading the dense bytes only), `dense`, the name of a config, `list` (given keys) or `break_even`. */
  readonly op: string;
  readonly peer: 'sparsetune';
  readonly nQHeads: number;
  readonly nKvHeads: number;
  readonly headDim: number;
  readonly nKv: number;
  readonly dtype: KvDtype;
  /** Attended keys / keys; of `break_even` the density at which a list takes as long as dense attention. */
  readonly density: number;
  readonly threads: number;
  /** Milliseconds a step, one number a round. */
  readonly ms: readonly number[];
  readonly median: number;
  /** Bytes read in a step. */
  readonly bytes: number;
  readonly isa: Isa;
  readonly cpu: string;
  /** How many times as fast as dense attention: median over the rounds. */
  readonly ratio?: number;
}

const listDensities = [0.02, 0.05, 0.1, 0.2, 0.4, 0.8];

/**
 * What this machine reaches: dense attention, configs as they are shipped and the density below which sparse attention
 * is faster, over Gaussian keys that lie in no CPU cache.
 *
 * @throws {TypeError | RangeError} `ERR_ARGUMENT`, naming the option
 * @throws {SparseTuneError} `ERR_CAPACITY` where the keys and values do not fit into memory
 */
export async function micro(options: MicroOptions): Promise<MicroRow[]> {
  const { nKv, dtypes } = options;
  const threads = checkOptions(options);
  const limits = new MachineLimits({ threads, isa: options.isa, bytes: limitBytes(options) });
  const rows: MicroRow[] = [];
  for (const dtype of dtypes) {
    for (const n of nKv) {
      const { nQHeads, nKvHeads, headDim } = options;
      const shape: StepShape = { nQHeads, nKvHeads, headDim, nKv: n, dtype };
      for (const row of await measure(shape, limits, options)) {
        rows.push(row);
        options.onRow?.(row);
      }
    }
  }
  return rows;
}

/** Memory for the stream limit: several times what is attended, so that no pass finds it in a cache. */
function limitBytes({ nKvHeads, headDim, nKv }: MicroOptions): number {
  const largest = 2 * nKvHeads * headDim * Math.max(...nKv) * 4;
  return Math.min(Math.max(4 * largest, 2 ** 26), 2 ** 29);
}

function checkOptions(options: MicroOptions): number {
  const { nQHeads, nKvHeads, headDim, nKv, threads = 1, rounds = 5, roundMs = 100 } = options;
  checkInteger('heads', nKvHeads, { min: 1, max: 1024 });
  checkInteger('heads', nQHeads, { min: 1, max: 65_536 });
  if (nQHeads % nKvHeads !== 0) {
    rejectRange('heads', `a multiple of the ${nKvHeads} KV heads, as in 32/8`, nQHeads);
  }
  checkInteger('head-dim', headDim, { min: 1, max: 1024 });
  for (const n of nKv) checkInteger('n-kv', n, { min: 1, max: 2 ** 32 - 1 });
  checkInteger('rounds', rounds, { min: 5, max: 1000 });
  checkInteger('round-ms', roundMs, { min: 1, max: 60_000 });
  checkIsa(options.isa);
  checkInteger('threads', threads, { min: 1, max: 1024 });
  if (threads > 1 && options.ops?.includes('break_even')) {
    rejectRange(
      'threads',
      '1 for the op break_even (its lists are attended on one thread)',
      threads,
    );
  }
  return threads;
}

async function measure(
  shape: StepShape,
  limits: MachineLimits,
  options: MicroOptions,
): Promise<MicroRow[]> {
  const { rounds = 5, roundMs = 100, configs, isa, threads = 1 } = options;
  const ops = options.ops ?? microOps.filter((op) => op !== 'break_even' || threads === 1);
  const gaussian = new Gaussian(1);
  const rowsOf = gaussianRows(shape, gaussian);
  const caches = makeCaches(shape, { keys: rowsOf, values: rowsOf });
  const bench: Bench = {
    shape,
    caches,
    queries: gaussianQueries(shape, gaussian),
    isa,
    threads,
    limits,
  };
  const lists = (ops.includes('break_even') ? listDensities : []).map((density) =>
    listContender(`list@${density}`, { density, isPerHead: true, gaussian }, bench),
  );
  const contenders = [
    streamContender('stream', denseBytes(shape), limits),
    configContender('dense', { maskers: [] }, bench),
    ...(ops.includes('configs') ? configs : [])
      .filter(({ config }) => config.maskers.length > 0)
      .map(({ name, config }) => configContender(name, config, bench)),
    ...lists,
  ];
  const times = await interleave(
    contenders.map(({ rival }) => rival),
    { rounds, roundMs },
  );
  const timesOf = ({ rival }: Contender) => times.get(rival.name) ?? [];
  const dense = times.get('dense') ?? [];
  const common = { ...shape, threads, isa: isa ?? loadAddon().bestIsa, cpu: cpuName() };
  const rows = contenders.map((contender) =>
    toRow(contender, { ms: timesOf(contender), dense, common }),
  );
  if (lists.length === 0) return rows;
  const even = breakEven(
    lists.map((list) => ({ density: list.density, ms: timesOf(list) })),
    dense,
  );
  const cost = { ms: dense, median: median(dense), bytes: bytesOfLists(shape, even, true) };
  return [...rows, { op: 'break_even', peer: 'sparsetune', ...common, density: even, ...cost }];
}

type Common = StepShape & { threads: number; isa: Isa; cpu: string };

function toRow(
  { rival, density, bytes }: Contender,
  { ms, dense, common }: { ms: readonly number[]; dense: readonly number[]; common: Common },
): MicroRow {
  const op = rival.name.replace(/@.*/, '');
  const isSparse = op !== 'dense' && op !== 'stream';
  return {
    op,
    peer: 'sparsetune',
    ...common,
    density,
    ms,
    median: median(ms),
    bytes: Math.round(bytes),
    ...(isSparse && { ratio: medianRatio(dense, ms) }),
  };
}

/** Where the ratio of dense to list time falls to 1: linear in the density between two that were measured. */
export function breakEven(
  lists: readonly { readonly density: number; readonly ms: readonly number[] }[],
  dense: readonly number[],
): number {
  let before = { density: 0, ratio: Number.POSITIVE_INFINITY };
  for (const { density, ms } of lists) {
    const ratio = medianRatio(dense, ms);
    if (ratio <= 1) {
      if (!Number.isFinite(before.ratio)) return density * ratio;
      const share = (before.ratio - 1) / (before.ratio - ratio);
      return before.density + (density - before.density) * share;
    }
    before = { density, ratio };
  }
  return 1;
}

export function cpuName(): string {
  return cpus()[0]?.model.trim() ?? 'unknown';
}
