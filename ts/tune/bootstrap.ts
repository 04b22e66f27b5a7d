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

/**
 * 95 % interval of the mean of paired differences: contexts are drawn with replacement, then questions within each,
 * since questions of one context are not independent. Percentile bootstrap; always the same draws.
 *
 * @param differences - one per question
 * @param contextOf - the context of each question
 * @see Davison and Hinkley, Bootstrap Methods and their Application, section 3.8
 */
export async function pairedInterval(
  differences: readonly number[],
  contextOf: readonly number[],
): Promise<Interval> {
  const means = new Float64Array(draws);
  await resample([contextOf], ([counts], draw) => {
    means[draw] = drawnMean(differences, counts);
  });
  const total = differences.reduce((sum, difference) => sum + difference, 0);
  return { mean: total / differences.length, ...quantiles(means, 0.025) };
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

/** The mean of values over a drawn sample. */
export function drawnMean(
  values: readonly number[],
  counts: DrawCounts = new Uint32Array(),
): number {
  let sum = 0;
  let drawn = 0;
  for (const [i, value] of values.entries()) {
    const count = counts[i] ?? 0;
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
