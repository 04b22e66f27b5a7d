import { compareEvaluations, type Evaluation, resultAt, type Trial } from './trial.js';

const FAILED: Evaluation = { value: Number.POSITIVE_INFINITY, violation: Number.MAX_VALUE };
/** Up to so many new entries are inserted one by one; more are appended and all is sorted. */
const MAX_INSERTED = 64;

interface Entry extends Evaluation {
  readonly trial: Trial;
}

interface Rung {
  readonly entries: Entry[];
  /** The trials of the entries. */
  sorted: Trial[];
  /** Entries that came since the rung was last looked at. */
  fresh: Entry[];
}

/**
 * The trials of a study in order at each rung, kept as results come in, so that a decision among many trials need not
 * sort them all again.
 */
export class RungRanking {
  readonly #rungs = new Map<number, Rung>();

  /** The ranking of trials as they are; a trial may not change afterwards. */
  static of(trials: readonly Trial[]): RungRanking {
    const ranking = new RungRanking();
    for (const trial of trials) {
      for (const { resource } of trial.results) ranking.add(trial, resource);
      if (trial.state === 'failed') ranking.add(trial, trial.target);
    }
    return ranking;
  }

  /** Notes that a trial has its result at a resource, or failed on the way to it. */
  add(trial: Trial, resource: number): void {
    const { value, violation } = resultAt(trial, resource) ?? FAILED;
    const entry = { trial, value, violation };
    const rung = this.#rungs.get(resource);
    if (rung === undefined) this.#rungs.set(resource, { entries: [], sorted: [], fresh: [entry] });
    else rung.fresh.push(entry);
  }

  /** Trials with a result at a resource, best first; then those that failed on the way to it. */
  at(resource: number): readonly Trial[] {
    const rung = this.#rungs.get(resource);
    if (rung === undefined) return [];
    const { entries, fresh } = rung;
    if (fresh.length > MAX_INSERTED) {
      for (const entry of fresh) entries.push(entry);
      entries.sort(compareEntries);
      rung.sorted = entries.map(({ trial }) => trial);
    } else {
      for (const entry of fresh) {
        const place = placeOf(entry, entries);
        entries.splice(place, 0, entry);
        rung.sorted.splice(place, 0, entry.trial);
      }
    }
    rung.fresh = [];
    return rung.sorted;
  }

  /** The trials that did not fail and have a result at the highest resource that any such trial has, best first. */
  best(): readonly Trial[] {
    for (const resource of [...this.#rungs.keys()].sort((a, b) => b - a)) {
      const alive = this.at(resource).filter(({ state }) => state !== 'failed');
      if (alive.length > 0) return alive;
    }
    return [];
  }
}

function compareEntries(a: Entry, b: Entry): number {
  return compareEvaluations(a, b) || a.trial.number - b.trial.number;
}

/** Where an entry belongs among sorted ones. */
function placeOf(entry: Entry, sorted: readonly Entry[]): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = sorted[middle];
    if (other !== undefined && compareEntries(other, entry) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
