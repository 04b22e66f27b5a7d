import type { Rng } from './rng.js';

/** One observation: coordinates from 0 to 1 and a value. */
export interface Sample {
  readonly x: Float64Array;
  readonly y: number;
}

/** Part of the unit box where a tree is constant. */
export interface Leaf {
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly value: number;
}

export interface ForestOptions {
  readonly nTrees: number;
  /** Observations of the smallest leaf. */
  readonly minLeaf: number;
  /** Splits from the root to a leaf at most. */
  readonly maxDepth: number;
  /** Places in [0, 1] where each dimension may be cut; empty for a continuous one. */
  readonly cuts: readonly (readonly number[])[];
}

interface Split {
  readonly dimension: number;
  readonly cut: number;
  readonly error: number;
}

/**
 * A forest of regression trees on bootstrap samples, each given as its leaves: boxes that fill the unit box.
 *
 * At each node five sixths of the dimensions may be split, the best cut by squared error is taken.
 *
 * @see Breiman, "Random forests", Machine Learning, 2001
 */
export function growForest(
  samples: readonly Sample[],
  options: ForestOptions,
  rng: Rng,
): readonly (readonly Leaf[])[] {
  const nDims = options.cuts.length;
  return Array.from({ length: options.nTrees }, () => {
    const drawn = samples.flatMap(() => samples[rng.integer(samples.length)] ?? []);
    const box = { low: new Float64Array(nDims), high: new Float64Array(nDims).fill(1) };
    return growTree(drawn, box, 0, options, rng);
  });
}

function growTree(
  samples: readonly Sample[],
  box: { low: Float64Array; high: Float64Array },
  depth: number,
  options: ForestOptions,
  rng: Rng,
): readonly Leaf[] {
  const split =
    depth < options.maxDepth && samples.length >= 2 * options.minLeaf
      ? bestSplit(samples, options, rng)
      : undefined;
  if (split === undefined) return [{ ...box, value: meanOf(samples) }];
  const { dimension, cut } = split;
  const isLeft = ({ x }: Sample) => (x[dimension] ?? 0) < cut;
  const left = { low: box.low, high: box.high.with(dimension, cut) };
  const right = { low: box.low.with(dimension, cut), high: box.high };
  return [
    ...growTree(samples.filter(isLeft), left, depth + 1, options, rng),
    ...growTree(
      samples.filter((sample) => !isLeft(sample)),
      right,
      depth + 1,
      options,
      rng,
    ),
  ];
}

function bestSplit(
  samples: readonly Sample[],
  { cuts, minLeaf }: ForestOptions,
  rng: Rng,
): Split | undefined {
  const dimensions = rng.choose([...cuts.keys()], Math.ceil((5 / 6) * cuts.length));
  let best: Split | undefined;
  for (const dimension of dimensions) {
    const found = bestCut(samples, dimension, cuts[dimension] ?? [], minLeaf);
    if (found !== undefined && (best === undefined || found.error < best.error)) best = found;
  }
  return best;
}

/** The cut of one dimension with the lowest squared error, by running sums over the sorted observations. */
function bestCut(
  samples: readonly Sample[],
  dimension: number,
  allowed: readonly number[],
  minLeaf: number,
): Split | undefined {
  const sorted = [...samples].sort((a, b) => (a.x[dimension] ?? 0) - (b.x[dimension] ?? 0));
  const total = sorted.reduce((sum, { y }) => sum + y, 0);
  let best: Split | undefined;
  let sum = 0;
  for (let i = 1; i < sorted.length; i++) {
    sum += sorted[i - 1]?.y ?? 0;
    const low = sorted[i - 1]?.x[dimension] ?? 0;
    const high = sorted[i]?.x[dimension] ?? 0;
    if (low === high || i < minLeaf || sorted.length - i < minLeaf) continue;
    // Up to a constant the squared error is minus what the two means explain.
    const error = -(sum * sum) / i - (total - sum) ** 2 / (sorted.length - i);
    const cut = allowed.find((place) => place > low && place <= high) ?? (low + high) / 2;
    if (best === undefined || error < best.error) best = { dimension, cut, error };
  }
  return best;
}

function meanOf(samples: readonly Sample[]): number {
  return samples.reduce((sum, { y }) => sum + y, 0) / Math.max(1, samples.length);
}
