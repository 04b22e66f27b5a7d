// Whether repeated evaluations pay: of 50 noisy evaluations, all for new configurations, or the last six for repeats of
// the best ones (a new draw of the noise each), which are then named by the mean of their values.
//
//   npm run bench:search-repeats -- [--seeds 20]
import { parseArgs } from 'node:util';
import { AshaScheduler } from '../build/ts/ts/search/asha-scheduler.js';
import { Rng } from '../build/ts/ts/search/rng.js';
import { Study } from '../build/ts/ts/search/study.js';
import { TpeSampler } from '../build/ts/ts/search/tpe-sampler.js';

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '20' } } });
const seeds = Number(values.seeds);
const BUDGET = 50;
const REPEATS = 6;
/** Best configurations that share the repeats. */
const CONTENDERS = [2, 3, 6];
/** Standard deviation of the noise as a share of the distance between the optimum and `usual`. */
const NOISE = [0.05, 0.1, 0.2, 0.4];

const cube = (nDims, minimum, maximum) => ({
  properties: Object.fromEntries(
    Array.from({ length: nDims }, (_, i) => [`x${i}`, { type: 'number', minimum, maximum }]),
  ),
});
const square = (x) => x * x;
const HARTMANN = [
  [1, [10, 3, 17, 3.5, 1.7, 8], [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886]],
  [1.2, [0.05, 10, 17, 0.1, 8, 14], [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991]],
  [3, [3, 3.5, 1.7, 10, 17, 8], [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665]],
  [3.2, [17, 8, 0.05, 10, 0.1, 14], [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381]],
];

/** `usual`: about what 50 random configurations reach. */
const PROBLEMS = {
  hartmann6: {
    space: cube(6, 0, 1),
    best: -3.32237,
    usual: -2.2,
    f: (x) => {
      const term = ([c, a, p]) =>
        c * Math.exp(-a.reduce((sum, scale, i) => sum + scale * square(x[i] - p[i]), 0));
      return -HARTMANN.reduce((sum, row) => sum + term(row), 0);
    },
  },
  bowl4: {
    space: cube(4, -3, 3),
    best: 0,
    usual: 6,
    f: (x) => x.reduce((sum, v, i) => sum + (1 + i) * square(v - 0.7 + 0.3 * i), 0),
  },
  rosenbrock3: {
    space: cube(3, -2, 2),
    best: 0,
    usual: 2.5,
    f: (x) => {
      const term = (v, i) => 100 * square(v - square(x[i])) + square(1 - x[i]);
      return Math.log1p(x.slice(1).reduce((sum, v, i) => sum + term(v, i), 0));
    },
  },
};

const gauss = (rng) =>
  Math.sqrt(-2 * Math.log(1 - rng.uniform())) * Math.cos(2 * Math.PI * rng.uniform());

/** Regret, in units of `usual`, of what each way names. */
async function regrets({ space, f, best, usual }, noise, seed) {
  const rng = Rng.at(seed, 999);
  const worth = ({ params }) =>
    f(
      Object.keys(params)
        .sort()
        .map((name) => params[name]),
    );
  const evaluate = (trial) => worth(trial) + noise * (usual - best) * gauss(rng);
  const study = await Study.open({
    space,
    sampler: new TpeSampler({ seed }),
    scheduler: new AshaScheduler({ maxResource: 1 }),
    trials: BUDGET,
  });
  const regret = (trial) => (worth(trial) - best) / (usual - best);
  const named = {};
  while (!study.isFinished) {
    for (const { trial, to } of await study.ask(1))
      await study.tell([{ trial, to, metrics: { value: evaluate(trial) } }]);
    if (study.trials.length !== BUDGET - REPEATS) continue;
    for (const count of CONTENDERS) {
      const means = study.best(count).map((trial) => {
        const more = Array.from({ length: REPEATS / count }, () => evaluate(trial));
        const all = [trial.results[0].value, ...more];
        return { trial, mean: all.reduce((sum, value) => sum + value, 0) / all.length };
      });
      named[count] = regret(means.sort((a, b) => a.mean - b.mean)[0].trial);
    }
  }
  return [regret(study.best(1)[0]), ...CONTENDERS.map((count) => named[count])];
}

const heads = CONTENDERS.map((count) => `${REPEATS / count} each of the best ${count}`);
console.log(`| problem | noise | no repeats | ${heads.join(' | ')} |`);
console.log(`| --- | --- | --- |${' --- |'.repeat(heads.length)}`);
const totals = Array.from({ length: 1 + heads.length }, () => 0);
for (const [name, problem] of Object.entries(PROBLEMS)) {
  for (const noise of NOISE) {
    const sums = totals.map(() => 0);
    for (let seed = 0; seed < seeds; seed++)
      for (const [i, regret] of (await regrets(problem, noise, seed)).entries()) sums[i] += regret;
    for (const [i, sum] of sums.entries()) totals[i] += sum;
    const cells = sums.map((sum) => (sum / seeds).toFixed(3));
    console.log(`| ${name} | ${noise} | ${cells.join(' | ')} |`);
  }
}
const ratios = totals.map((total) => (total / totals[0]).toFixed(2));
console.log(`| all | against no repeats | ${ratios.join(' | ')} |`);
