// What the search itself costs: CPU time of a suggestion over the number of observations, by densities alone, re-ranked
// by the Gaussian process, with a constraint and of two objectives; and the memory of a process with 100,000 trials.
import { withParetoValues } from '../build/ts/ts/search/pareto.js';
import { RandomSampler } from '../build/ts/ts/search/random-sampler.js';
import { TpeSampler } from '../build/ts/ts/search/tpe-sampler.js';
import { SearchSpace } from '../build/ts/ts/space/search-space.js';

const COUNTS = [100, 1000, 5000, 100_000];
/** Suggestions in a block and blocks in a measurement: reading the clock costs as much as a tenth of a suggestion. */
const BLOCK = 20;
const N_BLOCKS = 7;

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
  'TPE + GP, two objectives': { rerank: true, isRanked: true },
};

/** Finished trials with random configurations, as a study holds them. */
function randomTrials(count, { margins, isRanked }) {
  const random = new RandomSampler({ seed: 1 });
  const request = { space, trials: [], rungs: [1], isFresh: () => true };
  const trials = Array.from({ length: count }, (_, order) => {
    const params = Object.freeze(random.suggest({ ...request, number: order }));
    const used = params.x1 + params.size / 64;
    const value = (params.x0 - 0.3) ** 2 + Math.sin(4 * params.x2) + (params.kind === 'b' ? 0 : 1);
    const metrics = { value, used };
    const violation = Math.max(0, margins?.(metrics)[0] ?? 0);
    const objectives = isRanked && [value, used];
    const result = {
      resource: 1,
      metrics,
      value,
      violation,
      order,
      ...(objectives && { objectives }),
    };
    return { number: order, params, state: 'complete', results: [result], target: 1 };
  });
  return isRanked ? withParetoValues(trials) : trials;
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

function measure(trials, { rerank, margins, isRanked = false }) {
  const request = (i) => ({
    space,
    number: trials.length + i,
    trials,
    rungs: [1],
    isFresh: () => true,
    isRanked,
    ...(margins && { margins }),
  });
  const suggest = (sampler) => (i) => sampler.suggest(request(i));
  const warm = new TpeSampler({ seed: 1, rerank });
  cpuMs(suggest(warm), BLOCK);
  const first = cpuMs(suggest(new TpeSampler({ seed: 1, rerank })), 1);
  const blocks = Array.from({ length: N_BLOCKS }, () => cpuMs(suggest(warm), BLOCK));
  return [quantile(blocks, 0.5), quantile(blocks, 0.1), quantile(blocks, 0.9), first];
}

const megabytes = (bytes) => Math.round(bytes / 1e6);

console.log(
  '| method | observations | CPU ms a suggestion [p10, p90] | with a new fit | RSS, MB |',
);
console.log('| --- | --- | --- | --- | --- |');
for (const [name, method] of Object.entries(METHODS)) {
  for (const count of COUNTS) {
    const times = measure(randomTrials(count, method), method);
    const [median, p10, p90, first] = times.map((value) => value.toPrecision(3));
    const rss = megabytes(process.memoryUsage().rss);
    console.log(`| ${name} | ${count} | ${median} [${p10}, ${p90}] | ${first} | ${rss} |`);
  }
}
