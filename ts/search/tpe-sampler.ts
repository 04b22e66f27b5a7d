import type { Params } from '../space/distribution.js';
import type { SearchSpace, UnitVector } from '../space/search-space.js';
import { checkInteger, checkNumber, checkSeed } from './check-options.js';
import { FitCache } from './fit-cache.js';
import { freshSample } from './fresh-sample.js';
import { haltonPoint } from './halton.js';
import { ParetoSurrogate } from './pareto-surrogate.js';
import { ParzenEstimator } from './parzen-estimator.js';
import { rankBySurrogate } from './rank-by-surrogate.js';
import { bestTrialsForModel, recall } from './recall.js';
import { Rng } from './rng.js';
import type { Sampler, SuggestRequest } from './sampler.js';
import { Surrogate } from './surrogate.js';
import type { Trial } from './trial.js';

export interface TpeOptions {
  /** A non-negative integer. Default 0. */
  readonly seed?: number;
  /** Trials spread evenly before the model is used. Default: twice the dimensions, from 8 to 14. */
  readonly nStartup?: number;
  /** Share of the trials that count as good, at least 2 and at most 25 of them. Default 0.1. */
  readonly gamma?: number;
  /** Configurations drawn from the good ones' density, of which the most promising is suggested. Default 48. */
  readonly nCandidates?: number;
  /** Weight of the prior beside the observations. Default 1. */
  readonly priorWeight?: number;
  /** Bad trials that enter the model at most, drawn at random beyond that; bounds the time of a suggestion. Default 256. */
  readonly maxBad?: number;
  /** Whether a Gaussian process re-ranks the candidates where it predicts well. Default true. */
  readonly rerank?: boolean;
}

/** A model of fewer successes than this would be noise. */
const MIN_SUCCESSES = 4;
const MAX_GOOD = 25;
const SHIFT_STREAM = -1;
/** After so many results what was expected beforehand counts a quarter. */
const PRIOR_LIFE = 10;
/**
 * Who ranks the candidates of successive trials: the Gaussian process as fitted, the one with shorter length-scales, or
 * the densities. At the lowest rung, where values are biased and noisy, half of the trials do without the process.
 */
const TURNS = ['doubting', 'fitted'] as const;
const TURNS_AT_RUNGS = ['density', 'doubting', 'density', 'fitted'] as const;

/**
 * Tree-structured Parzen estimator: suggests where the density of good trials is highest relative to that of the bad.
 *
 * One joint density over all parameters (multivariate), conditional ones included. Trials are ranked by the highest rung
 * they reached, then by value: the good group is taken from the top rung, and from lower ones only until it is full.
 * Those that break a constraint rank after all that hold it; failed trials are bad, and so are running ones without a
 * result, so that a batch spreads out (constant liar). The prior keeps a weight and kernels a least width, so no region
 * is ever given up. No configuration is suggested twice.
 *
 * Configurations that are expected to be good (`prior`) stand among the good ones, each with the probability
 * (10 / (10 + results))^2, so that a wrong expectation is overcome; half of the startup trials already look near them.
 *
 * @throws {RangeError} `ERR_ARGUMENT` if an option is out of range
 * @see Bergstra et al., "Algorithms for hyper-parameter optimization", NeurIPS 2011; arXiv:2304.11127
 *
 * @example
 * const study = await Study.open({ space, sampler: new TpeSampler({ seed: 1 }), scheduler, trials: 50 });
 */
export class TpeSampler implements Sampler {
  readonly kind = 'tpe';
  readonly options: Readonly<Record<string, number | boolean | null>>;
  readonly #seed: number;
  readonly #nStartup: number | undefined;
  readonly #gamma: number;
  readonly #nCandidates: number;
  readonly #priorWeight: number;
  readonly #maxBad: number;
  readonly #rerank: boolean;
  readonly #fits = new FitCache();
  /** Encoded configurations; a pure function of them, kept for speed. */
  readonly #units = new WeakMap<Params, UnitVector>();

  constructor({
    seed = 0,
    nStartup,
    gamma = 0.1,
    nCandidates = 48,
    priorWeight = 1,
    maxBad = 256,
    rerank = true,
  }: TpeOptions = {}) {
    this.#seed = checkSeed(seed);
    this.#nStartup = nStartup === undefined ? undefined : checkInteger('nStartup', nStartup, 0);
    this.#gamma = checkNumber('gamma', gamma, 0, 1);
    this.#nCandidates = checkInteger('nCandidates', nCandidates, 1);
    this.#priorWeight = checkNumber('priorWeight', priorWeight, 0, Number.MAX_VALUE);
    this.#maxBad = checkInteger('maxBad', maxBad, 1);
    this.#rerank = rerank;
    this.options = {
      seed,
      nStartup: nStartup ?? null,
      gamma,
      nCandidates,
      priorWeight,
      maxBad,
      rerank,
    };
  }

  suggest(request: SuggestRequest): Params | undefined {
    const { space, number, trials, prior = [] } = request;
    const rng = Rng.at(this.#seed, number);
    const nStartup = this.#nStartup ?? Math.max(8, Math.min(2 * space.dimensions.length, 14));
    if (number < nStartup && (prior.length === 0 || number % 2 === 0)) {
      const params = space.decode(
        haltonPoint(space, number, Rng.at(this.#seed, SHIFT_STREAM), rng),
      );
      return request.isFresh(params) ? params : freshSample(request, rng);
    }
    const isReady = prior.length > 0 || hasResults(trials, MIN_SUCCESSES);
    return (isReady ? this.#suggestByModel(request, rng) : undefined) ?? freshSample(request, rng);
  }

  #suggestByModel(request: SuggestRequest, rng: Rng): Params | undefined {
    const { good, bad } = splitTrials(recall(request.trials), this.#gamma);
    const few = bad.length > this.#maxBad ? rng.choose(bad, this.#maxBad) : bad;
    const goodDensity = this.#density(request.space, [...good, ...expected(request, rng)]);
    const badDensity = this.#density(request.space, few);
    const candidates = Array.from({ length: this.#nCandidates }, () => goodDensity.draw(rng));
    const forGood = goodDensity.logDensities(candidates);
    const forBad = badDensity.logDensities(candidates);
    const promise = forGood.map((log, c) => log - (forBad[c] ?? 0));
    const order = [...candidates.keys()].sort(
      (a, b) => (promise[b] ?? 0) - (promise[a] ?? 0) || a - b,
    );
    const byPromise = order.flatMap((c) => candidates[c] ?? []);
    for (const unit of this.#reranked(request, byPromise, rng)) {
      const params = request.space.decode(unit);
      if (request.isFresh(params)) return params;
    }
    return undefined;
  }

  /** Candidates in the order of the Gaussian process, where it has shown that it predicts; else as they are. */
  #reranked(request: SuggestRequest, candidates: readonly UnitVector[], rng: Rng) {
    if (!this.#rerank) return candidates;
    const turns = request.rungs.length > 1 ? TURNS_AT_RUNGS : TURNS;
    const turn = turns[request.number % turns.length];
    if (turn === 'density') return candidates;
    const model = request.isRanked === true ? ParetoSurrogate : Surrogate;
    const surrogate = model.build({
      ...request,
      encode: (trial) => this.#encode(request.space, trial.params),
      fits: this.#fits,
      isDoubting: turn === 'doubting',
    });
    if (surrogate === undefined) return candidates;
    return rankBySurrogate(request.space, surrogate, candidates, rng);
  }

  #density(space: SearchSpace, trials: readonly { params: Params }[]): ParzenEstimator {
    const units = trials.map((trial) => this.#encode(space, trial.params));
    return new ParzenEstimator(space, units, { priorWeight: this.#priorWeight });
  }

  #encode(space: SearchSpace, params: Params): UnitVector {
    const known = this.#units.get(params);
    if (known !== undefined) return known;
    const unit = space.encode(params);
    this.#units.set(params, unit);
    return unit;
  }
}

/** What is expected to be good, the less of it the more is known; drawn, so that every kernel weighs the same. */
function expected({ prior = [], trials }: SuggestRequest, rng: Rng): readonly { params: Params }[] {
  if (prior.length === 0) return [];
  const nResults = trials.filter(({ results }) => results.length > 0).length;
  const share = (PRIOR_LIFE / (PRIOR_LIFE + nResults)) ** 2;
  return prior.filter(() => rng.uniform() < share).map((params) => ({ params }));
}

/** Good and bad trials; see TpeSampler. The bad ones are in the order given. */
export function splitTrials(
  trials: readonly Trial[],
  gamma: number,
): { good: readonly Trial[]; bad: readonly Trial[] } {
  const nRanked = trials.reduce((count, trial) => count + Number(isRanked(trial)), 0);
  const nGood = Math.max(2, Math.min(MAX_GOOD, Math.ceil(gamma * nRanked)));
  const good = bestTrialsForModel(trials, nGood);
  const isGood = new Set(good);
  return { good, bad: trials.filter((trial) => !isGood.has(trial)) };
}

/** Whether at least `count` trials have a result. */
function hasResults(trials: readonly Trial[], count: number): boolean {
  let found = 0;
  return trials.some(({ results }) => {
    found += Number(results.length > 0);
    return found >= count;
  });
}

function isRanked({ state, results }: Trial): boolean {
  return state !== 'failed' && results.length > 0;
}
