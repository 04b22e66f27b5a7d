// One run of the bench: rounds, measured rows, judged targets and the lines of the report.
import { MachineLimits } from '../../build/ts/ts/attention/machine-limits.js';
import { countCopies } from '../../build/ts/ts/micro/caches.js';
import { interleave, median, quantile } from '../../build/ts/ts/micro/rounds.js';
import { cpuName } from '../../build/ts/ts/micro.js';
import { loadAddon } from '../../build/ts/ts/native/addon.js';
import { DataFolder, makeTable } from './data.mjs';
import { bound, judge, targets } from './targets.mjs';

export const standard = { nQHeads: 32, nKvHeads: 8, headDim: 128 };

export class Session {
  limits;
  folder = new DataFolder();
  rows = [];
  judged = [];
  sections = [];
  plots = [];
  #tables = new Map();
  #options;

  /** @param options - { quick, json, rounds, roundMs, dtypes, isa, peers } */
  constructor(options) {
    this.#options = options;
    this.limits = new MachineLimits({ isa: options.isa });
  }

  get isQuick() {
    return this.#options.quick;
  }
  get isa() {
    return this.#options.isa;
  }
  get dtypes() {
    return this.#options.dtypes;
  }

  peer(name) {
    return this.#options.peers.find((peer) => peer.name === name);
  }

  /** A size, an eighth of it with --quick. */
  size(nKv) {
    return this.isQuick ? nKv / 8 : nKv;
  }

  copies(shape) {
    return this.isQuick ? Math.min(4, countCopies(shape)) : countCopies(shape);
  }

  table(headDim) {
    if (!this.#tables.has(headDim)) {
      const rows = makeTable(headDim);
      this.#tables.set(headDim, { rows, path: this.folder.write(rows) });
    }
    return this.#tables.get(headDim);
  }

  log(text) {
    process.stderr.write(`${text}\n`);
  }

  /** Interleaved rounds of rivals by name. */
  times(rivals) {
    const { rounds, roundMs } = this.#options;
    return interleave(rivals, { rounds, roundMs });
  }

  /** Records a measured row; `--json` prints it at once. */
  add({ op, peer, shape, density = 1, bytes = 0, ms, ratio, threads = 1 }) {
    const row = {
      op,
      peer,
      ...shape,
      density,
      threads,
      ms,
      median: median(ms),
      bytes: Math.round(bytes),
      isa: this.isa ?? loadAddon().bestIsa,
      cpu: cpuName(),
      ...(ratio !== undefined && { ratio }),
    };
    this.rows.push(row);
    if (this.#options.json) console.log(JSON.stringify(row));
    return row;
  }

  /** Records a step of ours that was timed beside dense; returns its times and how many times as fast it is. */
  addStep({ rival, density, bytes }, { shape, times, op = rival.name }) {
    const ms = times.get(rival.name);
    const toDense = ratios(times.get('dense'), ms);
    this.add({ op, peer: 'sparsetune', shape, density, bytes, ms, ratio: median(toDense) });
    return { ms, toDense };
  }

  /**
   * Holds the ratios of the rounds against a target.
   *
   * @param atLimit - ratios of the same rounds that the machine's own limit gives
   */
  judge(id, label, ratios, atLimit) {
    const value = median(ratios);
    const limit = atLimit && median(atLimit);
    const entry = {
      id,
      label,
      value,
      low: quantile(ratios, 0.1),
      high: quantile(ratios, 0.9),
      limit,
      bound: bound(id),
      verdict: judge(id, value, limit),
    };
    this.judged.push(entry);
    this.log(
      `  ${targets[id].text}, ${label}: ${value.toFixed(2)} [${entry.low.toFixed(2)}, ${entry.high.toFixed(2)}], wanted ${entry.bound}: ${entry.verdict}`,
    );
  }

  /** A table of the report. */
  section(title, columns, rows) {
    this.sections.push({ title, columns, rows });
  }

  plot(plot) {
    this.plots.push(plot);
  }
}

/** The columns of a table of steps, and the cells of one. */
export const stepColumns = [
  'keys',
  'dtype',
  'step',
  'ms a step [p10, p90]',
  'density',
  'read MB',
  'times as fast as dense',
];
export function stepCells(shape, { rival, density, bytes }, { ms, toDense }) {
  const read = digits(bytes / 1e6);
  const ratio = digits(median(toDense));
  return [keys(shape.nKv), shape.dtype, rival.name, spread(ms), digits(density), read, ratio];
}

/** Ratios a / b of each round. */
export function ratios(a, b) {
  return a.map((ms, round) => ms / b[round]);
}

export function spread(ms) {
  return `${digits(median(ms))} [${digits(quantile(ms, 0.1))}, ${digits(quantile(ms, 0.9))}]`;
}

export function digits(value) {
  if (!Number.isFinite(value)) return '-';
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

export function keys(nKv) {
  return nKv % 1024 === 0 ? `${nKv / 1024}k` : String(nKv);
}

export function is16Bit(dtype) {
  return dtype !== 'f32';
}
