import {
  cellBounds,
  cellCount,
  type Distribution,
  fromUnit,
  type Params,
  type ParamValue,
} from '../space/distribution.js';
import type { Dimension } from '../space/parse-space.js';
import type { Condition, SearchSpace } from '../space/search-space.js';
import { observe } from './observations.js';
import { growForest, type Leaf, type Sample } from './regression-forest.js';
import { Rng } from './rng.js';
import type { Trial } from './trial.js';

/** What a parameter does to the objective by itself, averaged over all values of the others. */
export interface ParameterEffect {
  readonly name: string;
  /** The alternative that the parameter belongs to, by its discriminators; left out where it is always present. */
  readonly within?: Params;
  /** Share of the objective's variance over the space that this parameter explains alone, from 0 to 1. */
  readonly importance: number;
  /**
   * Expected objective at values of the parameter, over the whole space, not only near the best; of a conditional one
   * over its alternative.
   */
  readonly marginal: readonly MarginalRow[];
}

export interface MarginalRow {
  readonly value: ParamValue;
  readonly mean: number;
  /** How much the trees of the forest differ. */
  readonly sd: number;
}

export interface ImportanceOptions {
  readonly space: SearchSpace;
  /** The scheduler's: results of lower rungs are shifted to the top's level. */
  readonly rungs: readonly number[];
  /** Default 0. */
  readonly seed?: number;
  /** Rows of a marginal table at most. Default 8. */
  readonly maxRows?: number;
}

const N_TREES = 48;
const MIN_LEAF = 2;
const MAX_DEPTH = 24;
/** Fewer results than this say nothing. */
const MIN_RESULTS = 8;

/**
 * Importance and marginal effects of all searched parameters, the most important first; empty for fewer than eight
 * results. The shares need not sum to 1: what is left is due to interactions. With few results a forest smooths over
 * weak effects, so that their shares come out low; the order is what counts.
 *
 * Functional ANOVA on a random forest: a tree is constant on boxes, so that its marginals are exact sums over leaves.
 * Trials that failed are left out; a conditional parameter counts at the middle of its range where it is absent.
 *
 * @see Hutter, Hoos and Leyton-Brown, "An efficient approach for assessing hyperparameter importance", ICML 2014
 *
 * @example
 * parameterEffects(study.trials, { space: study.space, rungs: scheduler.rungs });
 */
export function parameterEffects(
  trials: readonly Trial[],
  { space, rungs, seed = 0, maxRows = 8 }: ImportanceOptions,
): readonly ParameterEffect[] {
  const dimensions = space.dimensions.filter(({ distribution }) => cellCount(distribution) > 1);
  const alive = trials.filter(({ state }) => state !== 'failed');
  const encode = (trial: Trial) => space.encode(trial.params);
  const samples = observe(alive, { space, rungs, encode }).map(({ unit, target }): Sample => {
    const at = (index: number) => unit[index] ?? Number.NaN;
    const x = Float64Array.from(dimensions, ({ index }) =>
      Number.isNaN(at(index)) ? 0.5 : at(index),
    );
    return { x, y: target };
  });
  if (samples.length < MIN_RESULTS) return [];
  const cuts = dimensions.map(({ distribution }) => cellEdges(distribution));
  const forest = growForest(
    samples,
    { nTrees: N_TREES, minLeaf: MIN_LEAF, maxDepth: MAX_DEPTH, cuts },
    Rng.at(seed, 0),
  );
  const effects = dimensions.map((dimension, axis): ParameterEffect => {
    const { name, distribution } = dimension;
    const conditions = space.conditionsOf(dimension);
    const parts = partsOf(conditions, dimensions);
    const alternative = forest.map((leaves) => restrict(leaves, parts));
    return {
      name,
      ...(conditions.length > 0 && { within: choicesOf(conditions) }),
      importance: meanOf(forest.map((leaves) => explainedShare(leaves, axis))),
      marginal: marginalTable(alternative, axis, distribution, maxRows),
    };
  });
  return effects.sort((a, b) => b.importance - a.importance);
}

/** What the discriminators say. */
function choicesOf(conditions: readonly Condition[]): Params {
  return Object.fromEntries(
    conditions.map(({ discriminator: { name, distribution }, branch }) => [
      name,
      distribution.kind === 'categorical' ? (distribution.choices[branch] ?? null) : null,
    ]),
  );
}

/** A part of the unit box: between two coordinates of an axis. */
interface Part {
  readonly axis: number;
  readonly begin: number;
  readonly end: number;
}

/** The part of the box that alternatives take; an axis with one value is none. */
function partsOf(
  conditions: readonly Condition[],
  dimensions: readonly Dimension[],
): readonly Part[] {
  return conditions.flatMap(({ discriminator, branch }) => {
    const axis = dimensions.indexOf(discriminator);
    const [begin, end] = cellBounds(discriminator.distribution, branch);
    return axis < 0 ? [] : [{ axis, begin, end }];
  });
}

/** The leaves within a part of the box, stretched to the whole of it. */
export function restrict(leaves: readonly Leaf[], parts: readonly Part[]): readonly Leaf[] {
  return parts.reduce<readonly Leaf[]>(
    (inside, { axis, begin, end }) =>
      inside.flatMap((leaf) => {
        const [low, high] = [leaf.low, leaf.high].map((bound) => {
          const at = (Math.min(Math.max(bound[axis] ?? 0, begin), end) - begin) / (end - begin);
          return Float64Array.from(bound, (own, i) => (i === axis ? at : own));
        });
        const isInside = low !== undefined && high !== undefined && low[axis] !== high[axis];
        return isInside ? [{ low, high, value: leaf.value }] : [];
      }),
    leaves,
  );
}

/** Where the cells of a small finite range meet; empty for others. */
function cellEdges(distribution: Distribution): readonly number[] {
  const count = cellCount(distribution);
  if (count > 64) return [];
  return Array.from({ length: count - 1 }, (_, cell) => cellBounds(distribution, cell)[1]);
}

/** Variance of a tree's marginal over one dimension as a share of its variance over the box. */
export function explainedShare(leaves: readonly Leaf[], dimension: number): number {
  const total = variance(leaves.map((leaf) => ({ value: leaf.value, weight: volume(leaf) })));
  if (!(total > 0)) return 0;
  const edges = [...new Set(leaves.flatMap(({ low, high }) => [low[dimension], high[dimension]]))]
    .map((edge) => edge ?? 0)
    .sort((a, b) => a - b);
  const pieces = edges.slice(1).map((edge, i) => {
    const begin = edges[i] ?? 0;
    return { value: marginalAt(leaves, dimension, (begin + edge) / 2), weight: edge - begin };
  });
  return Math.min(1, variance(pieces) / total);
}

/** A tree's mean over all other dimensions where one has the coordinate u. */
export function marginalAt(leaves: readonly Leaf[], dimension: number, u: number): number {
  let sum = 0;
  for (const leaf of leaves) {
    const low = leaf.low[dimension] ?? 0;
    const high = leaf.high[dimension] ?? 1;
    const isInside = u >= low && (u < high || high === 1);
    if (isInside) sum += (leaf.value * volume(leaf)) / (high - low);
  }
  return sum;
}

function marginalTable(
  forest: readonly (readonly Leaf[])[],
  dimension: number,
  distribution: Distribution,
  maxRows: number,
): readonly MarginalRow[] {
  return places(distribution, maxRows).map((u) => {
    const means = forest.map((leaves) => marginalAt(leaves, dimension, u));
    const weighed = means.map((value) => ({ value, weight: 1 / means.length }));
    return {
      value: fromUnit(distribution, u),
      mean: meanOf(means),
      sd: Math.sqrt(variance(weighed)),
    };
  });
}

/** Coordinates of all cells of a small range, else evenly spaced ones. */
function places(distribution: Distribution, maxRows: number): readonly number[] {
  const count = cellCount(distribution);
  if (count <= maxRows || distribution.kind === 'categorical') {
    return Array.from({ length: count }, (_, cell) => {
      const [begin, end] = cellBounds(distribution, cell);
      return (begin + end) / 2;
    });
  }
  return Array.from({ length: maxRows }, (_, row) => row / (maxRows - 1));
}

function volume({ low, high }: Leaf): number {
  return low.reduce((product, begin, i) => product * ((high[i] ?? 1) - begin), 1);
}

/** Variance of values whose weights sum to 1. */
function variance(list: readonly { value: number; weight: number }[]): number {
  const mean = list.reduce((sum, { value, weight }) => sum + value * weight, 0);
  return list.reduce((sum, { value, weight }) => sum + weight * (value - mean) ** 2, 0);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
