import { normalCdf } from '../space/normal.js';
import type { FeatureMap } from './feature-map.js';
import type { FitCache } from './fit-cache.js';
import { GaussianProcess, type GpData } from './gaussian-process.js';
import type { GpPriors } from './gp-fit.js';
import type { Trial } from './trial.js';

/** Whether a trial succeeded and held its constraints. */
export interface Label {
  readonly trial: Trial;
  readonly isFeasible: boolean;
}

export interface FeasibilityData {
  readonly map: FeatureMap;
  readonly featuresOf: (trial: Trial) => Float64Array;
  readonly labels: readonly Label[];
  /** The labels that the kernel's parameters are fitted to; they change less often. */
  readonly earlier: readonly Label[];
  readonly fits: FitCache;
}

const MAX_LABELS = 120;

/**
 * The probability that a configuration succeeds and holds its constraints: least-squares classification by a Gaussian
 * process on labels -1 and 1.
 *
 * @see Rasmussen and Williams, "Gaussian processes for machine learning", section 6.5
 */
export class FeasibilityModel {
  readonly #gp: GaussianProcess;
  readonly #prior: number;

  private constructor(gp: GaussianProcess, prior: number) {
    this.#gp = gp;
    this.#prior = prior;
  }

  /** Undefined where all labels are equal, or nothing could be fitted. */
  static fit(data: FeasibilityData): FeasibilityModel | undefined {
    const share = badShare(data.labels);
    if (share === 0 || share === 1) return undefined;
    const { params } = data.fits.fit(toData(data, data.earlier).data, labelPriors(data.map));
    const few = toData(data, data.labels);
    const gp = GaussianProcess.condition(few.data, params);
    return gp && new FeasibilityModel(gp, few.prior);
  }

  probabilities(rows: readonly Float64Array[]): readonly number[] {
    const noise = Math.exp(this.#gp.params.logNoise);
    return this.#gp.predictAll(rows).map(({ mean, sd }) => {
      const z = (mean + this.#prior) / Math.sqrt(sd * sd + noise);
      return normalCdf(z);
    });
  }
}

/** Labels -1 and 1, less their mean. */
function toData(
  { map, featuresOf }: FeasibilityData,
  labels: readonly Label[],
): { data: GpData; prior: number } {
  const few = spread(labels, MAX_LABELS);
  const prior = 1 - 2 * badShare(few);
  const data = {
    features: few.map(({ trial }) => featuresOf(trial)),
    groups: map.groups,
    targets: Float64Array.from(few, ({ isFeasible }) => (isFeasible ? 1 : -1) - prior),
    noise: new Float64Array(few.length).fill(1),
  };
  return { data, prior };
}

function badShare(labels: readonly Label[]): number {
  return labels.filter(({ isFeasible }) => !isFeasible).length / labels.length;
}

/** Few parameters decide about failure, so that long length-scales are as likely as short ones. */
function labelPriors(map: FeatureMap): GpPriors {
  const length = { mean: Math.log(0.3 * Math.sqrt(map.nGroups)), sd: 1.2 };
  return {
    lengths: Array.from({ length: map.nGroups }, () => length),
    amplitude: { mean: 0, sd: 1 },
    noise: { mean: Math.log(0.01), sd: 1 },
  };
}

/** At most `n` entries, evenly spaced, the last one among them. */
export function spread<T>(list: readonly T[], n: number): readonly T[] {
  if (list.length <= n) return list;
  const stride = list.length / n;
  const kept = new Set(
    Array.from({ length: n }, (_, k) => list.length - 1 - Math.floor(k * stride)),
  );
  return list.filter((_, i) => kept.has(i));
}
