import type { GaussianProcess } from './gaussian-process.js';

/** How well a model predicts each observation from all the others. */
export interface Evidence {
  /** Rank correlation of predictions and observations. */
  readonly spearman: number;
  /** The same among the better half of the observations, where a search decides. */
  readonly spearmanOfGood: number;
  /** Mean log density of the observations under the predictions, beyond that under a constant with their own spread. */
  readonly gain: number;
}

/** Leave-one-out evidence for a process whose targets have mean 0 and variance 1; lower targets are better. */
export function leaveOneOutEvidence(gp: GaussianProcess): Evidence {
  const { means, variances } = gp.leaveOneOut();
  const { targets } = gp.data;
  let gain = 0;
  for (let i = 0; i < targets.length; i++) {
    const y = targets[i] as number;
    const variance = variances[i] as number;
    const error = y - (means[i] as number);
    gain += 0.5 * (y * y - Math.log(variance) - (error * error) / variance);
  }
  const order = [...targets.keys()].sort((a, b) => (targets[a] as number) - (targets[b] as number));
  const good = order.slice(0, Math.ceil(order.length / 2));
  const ofGood = (values: Float64Array) => Float64Array.from(good, (i) => values[i] as number);
  return {
    spearman: spearman(targets, means),
    spearmanOfGood: spearman(ofGood(targets), ofGood(means)),
    gain: gain / targets.length,
  };
}

/** A rank correlation below this, or no gain in density, and the model is not asked. */
const LEAST_SPEARMAN = 0.3;
/** Among the better half the range is narrow and the correlation lower; a model without any sees no more than a cliff. */
const LEAST_SPEARMAN_OF_GOOD = 0.1;

/** Whether a model that predicts so well is worth asking. */
export function isConvincing({ spearman, spearmanOfGood, gain }: Evidence): boolean {
  return spearman >= LEAST_SPEARMAN && spearmanOfGood >= LEAST_SPEARMAN_OF_GOOD && gain > 0;
}

function spearman(a: Float64Array, b: Float64Array): number {
  return correlation(ranks(a), ranks(b));
}

/** Ranks from 0, ties at their mean. */
export function ranks(values: Float64Array): Float64Array {
  const order = [...values.keys()].sort((a, b) => (values[a] as number) - (values[b] as number));
  const result = new Float64Array(values.length);
  for (let i = 0; i < order.length; ) {
    let j = i;
    while (j < order.length && values[order[j] as number] === values[order[i] as number]) j += 1;
    for (let k = i; k < j; k++) result[order[k] as number] = (i + j - 1) / 2;
    i = j;
  }
  return result;
}

/** Pearson's correlation; of ranks it is Spearman's. 0 where one side is constant. */
export function correlation(a: Float64Array, b: Float64Array): number {
  const mean = (list: Float64Array) => list.reduce((sum, x) => sum + x, 0) / list.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [(a[i] as number) - meanA, (b[i] as number) - meanB];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}
