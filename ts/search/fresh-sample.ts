import type { Params } from '../space/distribution.js';
import type { Rng } from './rng.js';
import type { SuggestRequest } from './sampler.js';

const DRAWS = 200;
const MAX_DRAWS = 100_000;
const MAX_ENUMERATED = 200_000;

/**
 * A fresh configuration from the prior, or undefined where there is none left: after some draws in vain a finite space
 * is enumerated, so that it is never called empty by bad luck.
 */
export function freshSample(request: SuggestRequest, rng: Rng): Params | undefined {
  const isSmall = request.space.size <= MAX_ENUMERATED;
  for (let draw = 0; draw < (isSmall ? DRAWS : MAX_DRAWS); draw++) {
    const params = request.space.sample(rng.uniform);
    if (request.isFresh(params)) return params;
  }
  if (!isSmall) return undefined;
  const rest: Params[] = [];
  for (const params of request.space.enumerate()) {
    if (request.isFresh(params)) rest.push(params);
  }
  return rest[rng.integer(rest.length)];
}
