import type { Params } from '../space/distribution.js';
import { checkSeed } from './check-options.js';
import { freshSample } from './fresh-sample.js';
import { Rng } from './rng.js';
import type { Sampler, SuggestRequest } from './sampler.js';

/**
 * Draws each configuration from the prior of the space, none twice.
 *
 * @param options.seed - a non-negative integer. Default 0.
 *
 * @example
 * const study = await Study.open({ space, sampler: new RandomSampler({ seed: 1 }), scheduler, trials: 50 });
 */
export class RandomSampler implements Sampler {
  readonly kind = 'random';
  readonly options: { readonly seed: number };

  constructor({ seed = 0 }: { seed?: number } = {}) {
    this.options = { seed: checkSeed(seed) };
  }

  suggest(request: SuggestRequest): Params | undefined {
    return freshSample(request, Rng.at(this.options.seed, request.number));
  }
}
