import { setImmediate as nextTurn } from 'node:timers/promises';
import { Rng } from '../tasks/rng.js';

/** A mean with the bounds of its interval. */
export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

const draws = 10_000;
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
  const contexts = byContext(differences, contextOf);
  const rng = new Rng('paired interval', differences.length);
  const means = new Float64Array(draws);
  for (let draw = 0; draw < draws; draw++) {
    if (draw % drawsAtOnce === 0) await nextTurn();
    means[draw] = resampledMean(contexts, rng);
  }
  means.sort();
  const at = (share: number) => means[Math.round(share * (draws - 1))] ?? Number.NaN;
  const total = differences.reduce((sum, difference) => sum + difference, 0);
  return { mean: total / differences.length, low: at(0.025), high: at(0.975) };
}

/** The mean over contexts, and questions within each, drawn with replacement. */
function resampledMean(contexts: readonly (readonly number[])[], rng: Rng): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < contexts.length; i++) {
    const questions = rng.pick(contexts);
    for (let j = 0; j < questions.length; j++) sum += rng.pick(questions);
    count += questions.length;
  }
  return sum / count;
}

function byContext(values: readonly number[], contextOf: readonly number[]): number[][] {
  const groups = new Map<number, number[]>();
  values.forEach((value, index) => {
    const context = contextOf[index] ?? 0;
    groups.set(context, [...(groups.get(context) ?? []), value]);
  });
  return [...groups.values()];
}
