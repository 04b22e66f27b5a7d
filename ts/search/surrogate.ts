import type { SearchSpace, UnitVector } from '../space/search-space.js';
import { isConvincing } from './evidence.js';
import { logExpectedImprovement } from './expected-improvement.js';
import { FeasibilityModel, type Label } from './feasibility-model.js';
import { FeatureMap } from './feature-map.js';
import type { Fit, FitCache } from './fit-cache.js';
import { GaussianProcess, type GpData, type GpParams } from './gaussian-process.js';
import type { GpPriors, LogNormal } from './gp-fit.js';
import { countResults, type Observation, observe, resolution, thinOut } from './observations.js';
import { recall } from './recall.js';
import type { Trial } from './trial.js';
import { warpTargets } from './warp.js';

export interface SurrogateRequest {
  readonly space: SearchSpace;
  readonly trials: readonly Trial[];
  readonly rungs: readonly number[];
  readonly encode: (trial: Trial) => UnitVector;
  readonly fits: FitCache;
  /** Results that arrived later are not looked at. Default: all. */
  readonly before?: number;
  /** Halves the fitted length-scales, so that the model knows less beyond what it has seen. Default false. */
  readonly isDoubting?: boolean;
}

/** Observations that the posterior and the fit of its parameters use at most; they bound the time of a suggestion. */
const MAX_POINTS = 160;
const MAX_FIT_POINTS = 90;
/** The parameters are fitted anew whenever the study has a seventh more results. */
const REFIT_GROWTH = 1.15;

/**
 * A regression of the objective on the configuration, and of whether it succeeds: what is expected of a candidate.
 *
 * The Gaussian process sees all rungs, with the fidelity as one more dimension and with more noise the lower the rung;
 * it predicts at the top. Trials that failed or break a constraint make a second model of their own.
 */
export class Surrogate {
  /** The configuration with the lowest expected value among those that are known to be feasible. */
  readonly incumbent: UnitVector;
  readonly #map: FeatureMap;
  readonly #gp: GaussianProcess;
  readonly #warp: (value: number) => number;
  readonly #best: number;
  readonly #feasibility: FeasibilityModel | undefined;

  private constructor(parts: {
    map: FeatureMap;
    gp: GaussianProcess;
    warp: (value: number) => number;
    best: { unit: UnitVector; mean: number };
    feasibility: FeasibilityModel | undefined;
  }) {
    this.#map = parts.map;
    this.#gp = parts.gp;
    this.#warp = parts.warp;
    this.#best = parts.best.mean;
    this.incumbent = parts.best.unit;
    this.#feasibility = parts.feasibility;
  }

  /** Undefined where there is too little to learn from, or the model does not predict what it was not told. */
  static build(request: SurrogateRequest): Surrogate | undefined {
    const { space, rungs } = request;
    const trials = recall(request.trials, request.before);
    const before = latestMoment(
      Math.min(request.before ?? Number.POSITIVE_INFINITY, countResults(request.trials)),
    );
    const earlyTrials = recall(request.trials, before);
    const map = new FeatureMap(space, { hasFidelity: rungs.length > 1 });
    const observed = thinOut(observe(trials, request), MAX_POINTS);
    const fit = fitAtMoment(map, { ...request, trials: earlyTrials, before });
    if (fit === undefined || !isConvincing(fit.evidence)) return undefined;
    const { data, warp } = toData(map, observed, resolution(trials, rungs, request.before));
    const params = request.isDoubting === true ? doubting(fit.params) : fit.params;
    const first = GaussianProcess.condition(data, params);
    const best = first && lowestMean(map, first, observed);
    if (first === undefined || best === undefined) return undefined;
    const pending = trials
      .filter((trial) => trial.state === 'running' && trial.results.length === 0)
      .map((trial) => map.features(request.encode(trial), 1));
    const gp = withBelieved(first, pending);
    const labels = labelsOf(trials);
    const moment = latestMoment(request.trials.length);
    const feasibility = FeasibilityModel.fit({
      map,
      featuresOf: (trial) => map.features(request.encode(trial), 1),
      labels,
      earlier: labelsOf(earlyTrials).filter(({ trial }) => trial.number < moment),
      fits: request.fits,
    });
    return new Surrogate({ map, gp, warp, best, feasibility });
  }

  /** log of the expected improvement times the probability of success, of each. */
  scores(units: readonly UnitVector[]): readonly number[] {
    const rows = units.map((unit) => this.#map.features(unit, 1));
    const chances = this.#feasibility?.probabilities(rows);
    return this.#gp.predictAll(rows).map(({ mean, sd }, i) => {
      const gain = logExpectedImprovement(mean, sd, this.#best);
      return chances === undefined ? gain : gain + Math.log(chances[i] ?? 1);
    });
  }

  /** Standard deviation of a value at the top rung around what its configuration is worth, on the model's own scale. */
  get noiseSd(): number {
    return Math.exp(0.5 * this.#gp.params.logNoise);
  }

  /** A value at the top rung on the model's own scale. */
  warp(value: number): number {
    return this.#warp(value);
  }

  /** Expected value at the top rung, on the model's own scale. */
  mean(unit: UnitVector): number {
    return this.#gp.mean(this.#map.features(unit, 1));
  }
}

/** Parameters fitted at a moment of the study that lasts a while, so that most suggestions need no new fit. */
function fitAtMoment(
  map: FeatureMap,
  request: SurrogateRequest & { readonly before: number },
): Fit | undefined {
  const { trials, rungs, before } = request;
  const observed = thinOut(observe(trials, request), MAX_FIT_POINTS);
  if (observed.length < 4) return undefined;
  const { data } = toData(map, observed, resolution(trials, rungs, before));
  return request.fits.fit(data, priors(map));
}

/** The last of 4, 5, 6 ..., each a seventh above the one before, that is not above `count`. */
export function latestMoment(count: number): number {
  let moment = 4;
  for (
    let next = moment;
    next <= count;
    next = Math.max(moment + 1, Math.floor(moment * REFIT_GROWTH))
  ) {
    moment = next;
  }
  return moment;
}

/**
 * A fit to few points can be sure of what it never saw, and the search then stays where it is; shorter length-scales
 * make it look further.
 *
 * @see Bull, "Convergence rates of efficient global optimization algorithms", arXiv:1101.3501; arXiv:1406.7758
 */
function doubting(params: GpParams): GpParams {
  return { ...params, logLengths: params.logLengths.map((length) => length - Math.LN2) };
}

function priors(map: FeatureMap): GpPriors {
  const nParameters = map.nGroups - Number(map.hasFidelity);
  const length: LogNormal = { mean: Math.log(0.3 * Math.sqrt(nParameters)), sd: 0.8 };
  const lengths = Array.from({ length: nParameters }, () => length);
  return {
    lengths: map.hasFidelity ? [...lengths, { mean: Math.log(1.5), sd: 1 }] : lengths,
    amplitude: { mean: 0, sd: 1 },
    noise: { mean: Math.log(1e-3), sd: 2 },
  };
}

function toData(
  map: FeatureMap,
  observed: readonly Observation[],
  least: number,
): { data: GpData; warp: (value: number) => number } {
  const { targets, warp } = warpTargets(
    observed.map(({ target }) => target),
    least,
  );
  const data = {
    features: observed.map(({ unit, fidelity }) => map.features(unit, fidelity)),
    groups: map.groups,
    targets,
    noise: Float64Array.from(observed, ({ noise }) => noise),
  };
  return { data, warp };
}

function lowestMean(
  map: FeatureMap,
  gp: GaussianProcess,
  observed: readonly Observation[],
): { unit: UnitVector; mean: number } | undefined {
  const least = Math.min(...observed.map(({ result }) => result.violation));
  let best: { unit: UnitVector; mean: number } | undefined;
  for (const { unit, result } of observed) {
    if (result.violation > least) continue;
    const mean = gp.mean(map.features(unit, 1));
    if (best === undefined || mean < best.mean) best = { unit, mean };
  }
  return best;
}

/** The process as if each pending configuration had given what is expected of it, so that a batch spreads out. */
function withBelieved(gp: GaussianProcess, pending: readonly Float64Array[]): GaussianProcess {
  if (pending.length === 0) return gp;
  const { data, params } = gp;
  const believed = pending.map((features) => gp.mean(features));
  const more: GpData = {
    features: [...data.features, ...pending],
    groups: data.groups,
    targets: Float64Array.from([...data.targets, ...believed]),
    noise: Float64Array.from([...data.noise, ...pending.map(() => 1)]),
  };
  return GaussianProcess.condition(more, params) ?? gp;
}

function labelsOf(trials: readonly Trial[]): readonly Label[] {
  return trials.flatMap((trial) => {
    if (trial.state === 'failed') return [{ trial, isFeasible: false }];
    const result = trial.results.at(-1);
    return result === undefined ? [] : [{ trial, isFeasible: result.violation === 0 }];
  });
}
