import type { SearchSpace, UnitVector } from '../space/search-space.js';
import { isConvincing } from './evidence.js';
import { logExpectedImprovement } from './expected-improvement.js';
import { FeasibilityModel, type Label } from './feasibility-model.js';
import { FeatureMap } from './feature-map.js';
import type { FitCache } from './fit-cache.js';
import {
  GaussianProcess,
  type GpData,
  type GpParams,
  type Prediction,
} from './gaussian-process.js';
import type { GpPriors, LogNormal } from './gp-fit.js';
import { MarginModel } from './margin-model.js';
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
  /** By how much metrics miss each constraint; see SuggestRequest. */
  readonly margins?: (metrics: Readonly<Record<string, number>>) => readonly number[];
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
/** No place is ever excluded. */
const LEAST_CHANCE = 1e-4;

/**
 * A regression of the objective on the configuration, and of whether it succeeds: what is expected of a candidate.
 *
 * The Gaussian process sees all rungs, with the fidelity as one more dimension and with more noise the lower the rung;
 * it predicts at the top. Margins of constraints and failures have models of their own.
 */
export class Surrogate {
  /** The configuration with the lowest expected value among those that are known to be feasible. */
  readonly incumbent: UnitVector;
  readonly #map: FeatureMap;
  readonly #gp: GaussianProcess;
  readonly #warp: (value: number) => number;
  readonly #best: number;
  readonly #chances: readonly Chance[];

  private constructor(parts: {
    map: FeatureMap;
    gp: GaussianProcess;
    warp: (value: number) => number;
    best: { unit: UnitVector; mean: number };
    chances: readonly Chance[];
  }) {
    this.#map = parts.map;
    this.#gp = parts.gp;
    this.#warp = parts.warp;
    this.#best = parts.best.mean;
    this.incumbent = parts.best.unit;
    this.#chances = parts.chances;
  }

  /** Undefined where there is too little to learn from, or the model does not predict what it was not told. */
  static build(request: SurrogateRequest): Surrogate | undefined {
    const map = new FeatureMap(request.space, { hasFidelity: request.rungs.length > 1 });
    const now = memories(map, request, { before: request.before, cap: MAX_POINTS });
    const moment = latestMoment(Math.min(now.before, countResults(request.trials)));
    const early = memories(map, request, { before: moment, cap: MAX_FIT_POINTS });
    if (early.observed.length < 4) return undefined;
    const fit = request.fits.fit(early.data, priors(map));
    if (!isConvincing(fit.evidence)) return undefined;
    const params = request.isDoubting === true ? doubting(fit.params) : fit.params;
    const first = GaussianProcess.condition(now.data, params);
    const best = first && lowestMean(map, first, now.observed);
    if (first === undefined || best === undefined) return undefined;
    const pending = now.trials
      .filter((trial) => trial.state === 'running' && trial.results.length === 0)
      .map((trial) => map.features(request.encode(trial), 1));
    const gp = withBelieved(first, pending);
    const chances = chancesOf(map, request, now, early);
    return new Surrogate({ map, gp, warp: now.warp, best, chances });
  }

  /** log of the expected improvement times the probability of success, of each. */
  scores(units: readonly UnitVector[]): readonly number[] {
    const logChances = this.logChances(units);
    return this.predict(units).map(
      ({ mean, sd }, i) => logExpectedImprovement(mean, sd, this.#best) + (logChances[i] ?? 0),
    );
  }

  /** What is expected at the top rung, on the model's own scale. */
  predict(units: readonly UnitVector[]): readonly Prediction[] {
    return this.#gp.predictAll(units.map((unit) => this.#map.features(unit, 1)));
  }

  /** log of the probability that each succeeds and holds the constraints. */
  logChances(units: readonly UnitVector[]): readonly number[] {
    const rows = units.map((unit) => this.#map.features(unit, 1));
    const lists = this.#chances.map((model) => model.probabilities(rows));
    return rows.map((_, i) => {
      const chance = lists.reduce((product, list) => product * (list[i] ?? 1), 1);
      return Math.log(Math.max(LEAST_CHANCE, chance));
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

/** What the models see of the study at a moment. */
interface Memories {
  readonly before: number;
  readonly trials: readonly Trial[];
  readonly observed: readonly Observation[];
  readonly data: GpData;
  readonly warp: (value: number) => number;
}

function memories(
  map: FeatureMap,
  request: SurrogateRequest,
  { before = Number.POSITIVE_INFINITY, cap }: { before: number | undefined; cap: number },
): Memories {
  const { rungs, encode, space } = request;
  const trials = recall(request.trials, before);
  const observed = thinOut(observe(trials, { space, rungs, encode, before }), cap);
  return { before, trials, observed, ...toData(map, observed, resolution(trials, rungs, before)) };
}

/** What says how likely a configuration is to succeed: all of them must. */
interface Chance {
  probabilities(rows: readonly Float64Array[]): readonly number[];
}

/** A model of each constraint's margin, and one of failures; where margins are not known or not predictable, one of both. */
function chancesOf(
  map: FeatureMap,
  request: SurrogateRequest,
  now: Memories,
  early: Memories,
): readonly Chance[] {
  const { fits, encode } = request;
  const nMargins = now.observed[0] === undefined ? 0 : marginsOf(request, now.observed[0]).length;
  const models = Array.from({ length: nMargins }, (_, k) => {
    const margins = ({ data, observed }: Memories) => ({
      ...data,
      values: observed.map((entry) => marginsOf(request, entry)[k] ?? Number.NaN),
    });
    return MarginModel.fit(margins(now), margins(early), { fits, priors: priors(map) });
  });
  const known = models.filter((model) => model !== undefined);
  const isKnown = nMargins > 0 && known.length === nMargins;
  const labels = labelsOf(now.trials, isKnown);
  const moment = latestMoment(request.trials.length);
  const failures = FeasibilityModel.fit({
    map,
    featuresOf: (trial) => map.features(encode(trial), 1),
    labels,
    earlier: labelsOf(early.trials, isKnown).filter(({ trial }) => trial.number < moment),
    fits,
  });
  return [...(isKnown ? known : []), ...(failures === undefined ? [] : [failures])];
}

function marginsOf({ margins }: SurrogateRequest, { result }: Observation): readonly number[] {
  return margins?.(result.metrics) ?? [];
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
  const inside = observed.filter(({ unit }) => !unit.some((u) => u < 0 || u > 1));
  const least = Math.min(...inside.map(({ result }) => result.violation));
  let best: { unit: UnitVector; mean: number } | undefined;
  for (const { unit, result } of inside) {
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

/** Which trials succeeded; with `onlyFailures` one that broke a constraint did. */
function labelsOf(trials: readonly Trial[], onlyFailures: boolean): readonly Label[] {
  return trials.flatMap((trial) => {
    if (trial.state === 'failed') return [{ trial, isFeasible: false }];
    const result = trial.results.at(-1);
    if (result === undefined) return [];
    return [{ trial, isFeasible: onlyFailures || result.violation === 0 }];
  });
}
