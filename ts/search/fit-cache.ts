import { createHash } from 'node:crypto';
import { type Evidence, leaveOneOutEvidence } from './evidence.js';
import { GaussianProcess, type GpData, type GpParams } from './gaussian-process.js';
import { fitGp, type GpPriors } from './gp-fit.js';

export interface Fit {
  readonly params: GpParams;
  readonly evidence: Evidence;
}

const MAX_ENTRIES = 16;
const NO_EVIDENCE: Evidence = { spearman: 0, spearmanOfGood: 0, gain: 0 };

/** Remembers the last fits. A fit is a pure function of data and priors, so that the cache changes nothing but time. */
export class FitCache {
  readonly #fits = new Map<string, Fit>();

  fit(data: GpData, priors: GpPriors): Fit {
    const key = digest(data, priors);
    const known = this.#fits.get(key);
    if (known !== undefined) return known;
    const params = fitGp(data, priors);
    const gp = GaussianProcess.condition(data, params);
    const fit = { params, evidence: gp ? leaveOneOutEvidence(gp) : NO_EVIDENCE };
    this.#fits.set(key, fit);
    const [oldest] = this.#fits.keys();
    if (this.#fits.size > MAX_ENTRIES && oldest !== undefined) this.#fits.delete(oldest);
    return fit;
  }
}

function digest({ features, groups, targets, noise }: GpData, priors: GpPriors): string {
  const hash = createHash('sha256');
  for (const list of [...features, Float64Array.from(groups), targets, noise]) hash.update(list);
  return hash.update(JSON.stringify(priors)).digest('base64');
}
