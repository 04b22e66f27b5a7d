/** One of several that are timed against each other. */
export interface Rival {
  readonly name: string;
  /** Runs for about `budgetMs` and says how many milliseconds one step took. */
  round(budgetMs: number): number | Promise<number>;
}

export interface RoundsOptions {
  readonly rounds: number;
  /** Time of each rival in each round. */
  readonly roundMs: number;
}

/** A step that is timed again and again; `prepare` is not part of the time. */
export interface Step {
  prepare?(call: number): void;
  run(call: number): void;
}

/** A rival that repeats a step; a round's time is the median of its calls, of which there are at least two. */
export function repeated(name: string, step: Step): Rival {
  let call = 0;
  return {
    name,
    round(budgetMs) {
      const times: number[] = [];
      const end = performance.now() + budgetMs;
      while (times.length < 2 || performance.now() < end) {
        call += 1;
        step.prepare?.(call);
        const start = performance.now();
        step.run(call);
        times.push(performance.now() - start);
      }
      return median(times);
    },
  };
}

/** A limit times itself; a round's limit is the best of its passes. */
export function bestOf(name: string, measureMs: () => number): Rival {
  return {
    name,
    round(budgetMs) {
      let best = Number.POSITIVE_INFINITY;
      const end = performance.now() + budgetMs;
      do best = Math.min(best, measureMs());
      while (performance.now() < end);
      return best;
    },
  };
}

/**
 * Milliseconds of each rival in each round, by name. In a round every rival runs once, and each round begins with
 * another one, so that what else the machine does disturbs all alike.
 */
export async function interleave(
  rivals: readonly Rival[],
  { rounds, roundMs }: RoundsOptions,
): Promise<Map<string, number[]>> {
  const times = new Map<string, number[]>(rivals.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (let i = 0; i < rivals.length; i += 1) {
      const rival = rivals[(round + i) % rivals.length];
      if (rival !== undefined) times.get(rival.name)?.push(await rival.round(roundMs));
    }
  }
  return times;
}

/** The value below which a share of the values lies; linear between neighbours. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  const high = sorted[Math.ceil(at)] ?? low;
  return low + (high - low) * (at - Math.floor(at));
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Median over the rounds of `a` / `b`, each taken inside one round. */
export function medianRatio(a: readonly number[], b: readonly number[]): number {
  return median(a.map((ms, round) => ms / (b[round] ?? Number.NaN)));
}
