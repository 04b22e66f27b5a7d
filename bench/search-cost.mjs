// What the search itself costs: CPU time of a suggestion over the number of observations, by densities alone, re-ranked
// by the Gaussian process, and with a constraint; and the memory of a process that holds a study of 100,000 trials.
import { RandomSampler } from '../build/ts/ts/search/random-sampler.js';
import { TpeSampler } from '../build/ts/ts/search/tpe-sampler.js';
import { SearchSpace } from '../build/ts/ts/space/search-space.js';

const COUNTS = [100, 1000, 5000, 100_000];
/** Suggestions in a block and blocks in a measurement: reading the clock costs as much as a tenth of a suggestion. */
const BLOCK = 20;
const N_BLOCKS = 15;

const number = (low, high, scale = 'linear') => ({
  type: 'number',
  minimum: low,
  maximum: high,
  'x-search': { scale },
});
const space = SearchSpace.parse({
  properties: {
    ...Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`x${i}`, number(0, 1)])),
    rate: number(1e-5, 1, 'log'),
    size: { type: 'integer', minimum: 1, maximum: 64 },
    depth: { type: 'integer', minimum: 1, maximum: 8 },
    kind: { enum: ['a', 'b', 'c', 'd'] },
  },
});

const METHODS = {
  TPE: { rerank: false },
  'TPE + GP': { rerank: true },
  'TPE + GP, one constraint': { rerank: true, margins: ({ used }) => [used - 1.2] },
};

/** Finished trials with random configurations, as a study holds them. */
function randomTrials(count) {
  const random = new RandomSampler({ seed: 1 });
  const request = { space, trials: [], rungs: [1], isFresh: () => true };
  return Array.from({ length: count }, (_, order) => {
    const params = Object.freeze(random.suggest({ ...request, number: order }));
    const used = params.x1 + params.size / 64;
    const value = (params.x0 - 0.3) ** 2 + Math.sin(4 * params.x2) + (params.kind === 'b' ? 0 : 1);
    const violation = Math.max(0, used - 1.2);
    const result = { resource: 1, metrics: { value, used }, value, violation, order };
    return { number: order, params, state: 'complete', results: [result], target: 1 };
  });
}

/** CPU milliseconds (user and system, all threads) of a call, each of `times`. */
function cpuMs(call, times) {
  const before = process.cpuUsage();
  for (let i = 0; i < times; i++) call(i);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / times;
}

const quantile = (list, share) =>
  [...list].sort((a, b) => a - b)[Math.round(share * (list.length - 1))];

function measure(trials, { rerank, margins }) {
  const request = (i) => ({
    space,
    number: trials.length + i,
    trials,
    rungs: [1],
    isFresh: () => true,
    ...(margins && { margins }),
  });
  const suggest = (sampler) => (i) => sampler.suggest(request(i));
  const warm = new TpeSampler({ seed: 1, rerank });
  cpuMs(suggest(warm), 2 * BLOCK);
  const first = cpuMs(suggest(new TpeSampler({ seed: 1, rerank })), 1);
  const blocks = Array.from({ length: N_BLOCKS }, () => cpuMs(suggest(warm), BLOCK));
  return {
    first,
    median: quantile(blocks, 0.5),
    p10: quantile(blocks, 0.1),
    p90: quantile(blocks, 0.9),
  };
}

// Violations count only where there is a constraint.
const held = (trials) =>
  trials.map((trial) => ({
    ...trial,
    results: trial.results.map((result) => ({ ...result, violation: 0 })),
  }));

console.log('| method | observations | CPU ms a suggestion [p10, p90] | with a new fit |');
console.log('| --- | --- | --- | --- |');
for (const [name, method] of Object.entries(METHODS)) {
  for (const count of COUNTS) {
    const trials = method.margins ? randomTrials(count) : held(randomTrials(count));
    const { first, median, p10, p90 } = measure(trials, method);
    const ms = (value) => value.toPrecision(3);
    console.log(`| ${name} | ${count} | ${ms(median)} [${ms(p10)}, ${ms(p90)}] | ${ms(first)} |`);
    if (count === COUNTS.at(-1)) {
      const { rss, heapUsed } = process.memoryUsage();
      console.log(
        `  RSS ${Math.round(rss / 1e6)} MB, heap ${Math.round(heapUsed / 1e6)} MB, of which ${trials.length} trials are the most`,
      );
    }
  }
}
