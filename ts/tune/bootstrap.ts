import { setImmediate as nextTurn } from 'node:timers/promises';
import { Rng } from '../tasks/rng.js';

/** A mean with the bounds of its interval. */
export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** How often each question of a sample was drawn. */
export type DrawCounts = Uint32Array;

/** Resamplings of every bootstrap here. */
export const draws = 10_000;
/** Draws between two turns of the event loop. */
const drawsAtOnce = 500;

/** Paired differences of one task, which is sampled by itself. */
export interface Stratum {
  /** One per question. */
  readonly differences: readonly number[];
  /** The context of each question. */
  readonly contextOf: readonly number[];
}

/**
 * 95 % interval of the mean of paired differences: contexts are drawn with replacement, then questions within each,
 * since questions of one context are not independent. Of several tasks each is drawn by itself, and the mean is that of
 * the tasks' means: which tasks there are is no matter of chance. Percentile bootstrap; always the same draws.
 *
 * @see Davison and Hinkley, Bootstrap Methods and their Application, sections 3.2 and 3.8
 */
export async function pairedInterval(strata: readonly Stratum[]): Promise<Interval> {
  const means = new Float64Array(draws);
  const meanOf = (counts?: readonly DrawCounts[]) =>
    strata.reduce((sum, { differences }, i) => sum + drawnMean(differences, counts?.[i]), 0) /
    strata.length;
  await resample(
    strata.map(({ contextOf }) => contextOf),
    (counts, draw) => {
      means[draw] = meanOf(counts);
    },
  );
  return { mean: meanOf(), ...quantiles(means, 0.025) };
}

/**
 * Draws samples anew: in each one contexts with replacement, then questions within each, of every stratum by itself.
 *
 * @param strata - the context of each question, for each stratum (a task)
 * @param use - told how often each question of each stratum was drawn; the arrays are used again for the next draw
 */
export async function resample(
  strata: readonly (readonly number[])[],
  use: (counts: readonly DrawCounts[], draw: number) => void,
): Promise<void> {
  const contexts = strata.map(byContext);
  const counts = strata.map(({ length }) => new Uint32Array(length));
  const rng = new Rng('paired interval', ...strata.map(({ length }) => length));
  for (let draw = 0; draw < draws; draw++) {
    if (draw % drawsAtOnce === 0) await nextTurn();
    for (const [stratum, own] of counts.entries()) drawInto(own, contexts[stratum] ?? [], rng);
    use(counts, draw);
  }
}

function drawInto(counts: DrawCounts, contexts: readonly (readonly number[])[], rng: Rng): void {
  counts.fill(0);
  for (let i = 0; i < contexts.length; i++) {
    const questions = rng.pick(contexts);
    for (let j = 0; j < questions.length; j++) {
      const question = rng.pick(questions);
      counts[question] = (counts[question] ?? 0) + 1;
    }
  }
}

/** The mean of values over a drawn sample; without one over all of them. */
export function drawnMean(values: readonly number[], counts?: DrawCounts): number {
  let sum = 0;
  let drawn = 0;
  for (const [i, value] of values.entries()) {
    const count = counts?.[i] ?? 1;
    sum += count * value;
    drawn += count;
  }
  return sum / drawn;
}

/** The values between which all but `tail` on either side lie. Sorts them. */
export function quantiles(values: Float64Array, tail: number): { low: number; high: number } {
  values.sort();
  const at = (share: number) => values[Math.round(share * (values.length - 1))] ?? Number.NaN;
  return { low: at(tail), high: at(1 - tail) };
}

/** The questions of each context. */
function byContext(contextOf: readonly number[]): number[][] {
  const groups = new Map<number, number[]>();
  for (const [question, context] of contextOf.entries())
    groups.set(context, [...(groups.get(context) ?? []), question]);
  return [...groups.values()];
}
