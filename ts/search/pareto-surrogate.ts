import type { UnitVector } from '../space/search-space.js';
import { expectedExcess } from './expected-improvement.js';
import { nonDominatedLayers, type Pair } from './pareto.js';
import { bestTrialsForModel } from './recall.js';
import { Surrogate, type SurrogateRequest } from './surrogate.js';
import type { Trial } from './trial.js';

/** A study of more trials than this is searched by densities alone. */
const MAX_TRIALS = 2048;
/** Trials, the best by their places, among whose expected values the front is looked for. */
const MAX_FRONT = 64;
/** How far beyond the worst of them the reference point lies, as a share of their range. */
const BEYOND = 0.1;

/**
 * A regression of each of two objectives: by how much a candidate is expected to move the front between them.
 *
 * The front is that of the expected values of the best trials, so that a lucky one does not block its neighbourhood.
 *
 * @see Emmerich et al., "Hypervolume-based expected improvement", CEC 2011
 */
export class ParetoSurrogate {
  /** A configuration of the front; another one for each trial number. */
  readonly incumbent: UnitVector;
  readonly #models: readonly [Surrogate, Surrogate];
  readonly #strips: readonly Strip[];

  private constructor(
    models: readonly [Surrogate, Surrogate],
    strips: readonly Strip[],
    incumbent: UnitVector,
  ) {
    this.#models = models;
    this.#strips = strips;
    this.incumbent = incumbent;
  }

  /** Undefined where an objective cannot be predicted, or no trial holds the constraints yet. */
  static build(request: SurrogateRequest & { readonly number: number }) {
    if (request.trials.length > MAX_TRIALS) return undefined;
    const held = request.trials.filter(({ results }) => results.at(-1)?.violation === 0);
    const best = bestTrialsForModel(held, MAX_FRONT);
    const [first, second] = ([0, 1] as const).map((k) =>
      Surrogate.build({
        ...request,
        trials: request.trials.map((trial) => withObjective(trial, k)),
      }),
    );
    if (first === undefined || second === undefined || best.length === 0) return undefined;
    const points = best.map((trial): { unit: UnitVector; pair: Pair } => {
      const unit = request.encode(trial);
      return { unit, pair: [first.mean(unit), second.mean(unit)] };
    });
    const layers = nonDominatedLayers(points.map(({ pair }) => pair));
    const front = points
      .filter((_, i) => layers[i] === 0)
      .sort((a, b) => a.pair[0] - b.pair[0] || a.pair[1] - b.pair[1]);
    const reference = referenceOf(points.map(({ pair }) => pair));
    const strips = stripsOf(
      front.map(({ pair }) => pair),
      reference,
    );
    const incumbent = front[request.number % front.length]?.unit;
    return incumbent && new ParetoSurrogate([first, second], strips, incumbent);
  }

  /** log of the expected gain of hypervolume times the probability of success, of each. */
  scores(units: readonly UnitVector[]): readonly number[] {
    const [first, second] = this.#models;
    const [xs, ys] = [first.predict(units), second.predict(units)];
    return first.logChances(units).map((logChance, i) => {
      const { mean: x = 0, sd: dx = 1 } = xs[i] ?? {};
      const { mean: y = 0, sd: dy = 1 } = ys[i] ?? {};
      let gain = 0;
      let left = 0;
      for (const { end, height } of this.#strips) {
        const right = expectedExcess(x, dx, end);
        gain += (right - left) * expectedExcess(y, dy, height);
        left = right;
      }
      return Math.log(Math.max(gain, 1e-300)) + logChance;
    });
  }
}

/** Up to `end` in the first objective the second is not yet below `height`. */
export interface Strip {
  readonly end: number;
  readonly height: number;
}

/** The strips left of each point of a front, by rising first objective, and that up to the reference. */
export function stripsOf(front: readonly Pair[], reference: Pair): readonly Strip[] {
  const strips: Strip[] = [];
  let height = reference[1];
  for (const [x, y] of front) {
    if (y >= height) continue;
    strips.push({ end: x, height });
    height = y;
  }
  return [...strips, { end: reference[0], height }];
}

function referenceOf(points: readonly Pair[]): Pair {
  const beyond = (k: 0 | 1) => {
    const values = points.map((pair) => pair[k]);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return high + BEYOND * (high - low);
  };
  return [beyond(0), beyond(1)];
}

/** A trial of two objectives with one of them as its value. */
function withObjective(trial: Trial, k: 0 | 1): Trial {
  const results = trial.results.map((result) => ({
    ...result,
    value: result.objectives?.[k] ?? result.value,
  }));
  return { ...trial, results };
}
