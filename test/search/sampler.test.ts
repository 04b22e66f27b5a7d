import test from 'ava';
import { RandomSampler } from '../../ts/search/random-sampler.js';
import { Rng } from '../../ts/search/rng.js';
import type { Sampler, SuggestRequest } from '../../ts/search/sampler.js';
import { TpeSampler } from '../../ts/search/tpe-sampler.js';
import type { Trial } from '../../ts/search/trial.js';
import type { Params } from '../../ts/space/distribution.js';
import { SearchSpace } from '../../ts/space/search-space.js';
import { spaceSchemas } from '../helpers/space-schemas.js';
import { trialOf } from '../helpers/trials.js';

/** What holds for every sampler. */
const samplers: Readonly<Record<string, (seed: number) => Sampler>> = {
  RandomSampler: (seed) => new RandomSampler({ seed }),
  TpeSampler: (seed) => new TpeSampler({ seed, nStartup: 4 }),
};

for (const [name, create] of Object.entries(samplers)) {
  test(`${name}: every suggestion validates against its schema and is new`, (t) => {
    for (const schema of Object.values(spaceSchemas)) {
      const space = SearchSpace.parse(schema);
      const trials = suggestMany(create(3), space, 40);
      t.is(new Set(trials.map(({ params }) => space.key(params))).size, trials.length);
      for (const { params } of trials) t.notThrows(() => space.check(params));
    }
  });

  test(`${name}: a finite space is used up, then there is no suggestion`, (t) => {
    const space = SearchSpace.parse(spaceSchemas['conditional'] ?? {});
    const trials = suggestMany(create(1), space, 1000);
    t.is(trials.length, space.size);
  });

  test(`${name}: an infeasible configuration is never suggested`, (t) => {
    const space = SearchSpace.parse({
      properties: { n: { type: 'integer', minimum: 1, maximum: 30 } },
    });
    const trials = suggestMany(create(1), space, 1000, ({ n }) => Number(n) % 10 === 3);
    t.deepEqual(trials.map(({ params }) => params['n']).sort(), [13, 23, 3]);
  });

  test(`${name}: equal seeds and histories give equal suggestions, other seeds do not`, (t) => {
    const space = SearchSpace.parse(spaceSchemas['mixed'] ?? {});
    const run = (seed: number) => suggestMany(create(seed), space, 25).map(({ params }) => params);
    t.deepEqual(run(1), run(1));
    t.notDeepEqual(run(1), run(2));
  });

  test(`${name}: a suggestion does not depend on how the sampler was used before`, (t) => {
    const space = SearchSpace.parse(spaceSchemas['mixed'] ?? {});
    const used = create(5);
    const trials = suggestMany(used, space, 12);
    const request = requestOf(space, trials);
    t.deepEqual(create(5).suggest(request), used.suggest(request));
  });

  test(`${name}: a seed that is no integer is refused`, (t) => {
    t.throws(() => create(1.5), {
      instanceOf: RangeError,
      message: /integer of at least 0 for seed .* 1\.5/,
    });
    t.throws(() => create('1' as unknown as number), {
      instanceOf: TypeError,
      message: /seed .*"1" of type string/,
    });
  });
}

function requestOf(
  space: SearchSpace,
  trials: readonly Trial[],
  isFeasible: (params: Params) => boolean = () => true,
): SuggestRequest {
  const seen = new Set(trials.map(({ params }) => space.key(params)));
  return {
    space,
    number: trials.length,
    trials,
    rungs: [1],
    isFresh: (params) => !seen.has(space.key(params)) && isFeasible(params),
  };
}

/** Suggestions whose results are random, some of them failures, some still running. */
function suggestMany(
  sampler: Sampler,
  space: SearchSpace,
  n: number,
  isFeasible?: (params: Params) => boolean,
): readonly Trial[] {
  const rng = Rng.at(9, 9);
  const trials: Trial[] = [];
  while (trials.length < n) {
    const params = sampler.suggest(requestOf(space, trials, isFeasible));
    if (params === undefined) break;
    const fate = rng.uniform();
    const values = fate < 0.2 ? [] : [rng.uniform()];
    trials.push(
      trialOf(trials.length, values, {
        rungs: [1],
        params,
        failed: fate < 0.1,
        running: fate >= 0.1 && fate < 0.2,
      }),
    );
  }
  return trials;
}
