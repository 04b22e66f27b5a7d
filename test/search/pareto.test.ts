import test from 'ava';
import fc from 'fast-check';
import { AshaScheduler } from '../../ts/search/asha-scheduler.js';
import { parseObjective } from '../../ts/search/objective.js';
import {
  dominates,
  hypervolume,
  hypervolumeContributions,
  nonDominatedLayers,
  type Pair,
  withParetoValues,
} from '../../ts/search/pareto.js';
import { RandomSampler } from '../../ts/search/random-sampler.js';
import type { Sampler } from '../../ts/search/sampler.js';
import { Study } from '../../ts/search/study.js';
import { TpeSampler } from '../../ts/search/tpe-sampler.js';
import type { Trial } from '../../ts/search/trial.js';
import { trialOf } from '../helpers/trials.js';

test('layers of points worked by hand', (t) => {
  const points: Pair[] = [
    [1, 5],
    [2, 2],
    [5, 1],
    [3, 3],
    [2, 2],
    [4, 4],
    [1, 6],
  ];
  t.deepEqual(nonDominatedLayers(points), [0, 0, 0, 1, 0, 2, 1]);
});

test('layers equal those of peeling off one front after the other', (t) => {
  const pair = fc.tuple(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 8 }));
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 25 }), (points) => {
      const expected = points.map(() => -1);
      for (let layer = 0; expected.includes(-1); layer++) {
        const left = [...points.keys()].filter((i) => expected[i] === -1);
        const isFree = (i: number) =>
          left.every((j) => !dominates(points[j] ?? [0, 0], points[i] ?? [0, 0]));
        for (const i of left.filter(isFree)) expected[i] = layer;
      }
      t.deepEqual(nonDominatedLayers(points), expected);
    }),
    { seed: 1, numRuns: 300 },
  );
});

test('areas worked by hand', (t) => {
  const front: Pair[] = [
    [1, 4],
    [4, 1],
    [2, 2],
  ];
  t.is(hypervolume(front, [5, 5]), 4 * 1 + 3 * 2 + 1 * 1);
  t.deepEqual(hypervolumeContributions(front), [
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    (4 - 2) * (4 - 2),
  ]);
  t.is(
    hypervolumeContributions([
      [0, 9],
      [2, 3],
      [7, 0],
    ])[1],
    (7 - 2) * (9 - 3),
  );
  t.is(hypervolume([[6, 0]], [5, 5]), 0);
});

test('what breaks a constraint keeps none that holds it from the front', (t) => {
  const trial = (number: number, [a, b]: Pair, violation = 0): Trial => {
    const own = trialOf(number, [a], { rungs: [1] });
    const results = own.results.map((result) => ({
      ...result,
      violation,
      objectives: [a, b] as const,
    }));
    return { ...own, results };
  };
  // Trial 4 dominates trial 2, which none that holds the constraint does; trial 0 is behind trial 1.
  const valued = withParetoValues([
    trial(0, [1, 6]),
    trial(1, [1, 5]),
    trial(2, [3, 3]),
    trial(3, [5, 1]),
    trial(4, [2, 2], 0.1),
    trial(5, [9, 9], 0.05),
  ]);
  const order = valued
    .toSorted((a, b) => (a.results[0]?.value ?? 0) - (b.results[0]?.value ?? 0))
    .map(({ number }) => number);
  t.deepEqual(order, [1, 3, 2, 0, 5, 4]);
});

const space = {
  properties: {
    x: { type: 'number', minimum: 0, maximum: 1 },
    y: { type: 'number', minimum: 0, maximum: 1 },
    z: { type: 'number', minimum: 0, maximum: 1 },
  },
};

/** The front lies at y = 0.3, z = 0.6: density = x, kl = (1 - x)^2. */
async function run(sampler: Sampler): Promise<Study> {
  const study = await Study.open({
    space,
    sampler,
    scheduler: new AshaScheduler({ maxResource: 1 }),
    objective: 'pareto(kl,density)',
    trials: 60,
  });
  while (!study.isFinished) {
    const jobs = await study.ask(2);
    await study.tell(
      jobs.map(({ trial, to }) => {
        const [x, y, z] = ['x', 'y', 'z'].map((name) => Number(trial.params[name]));
        const far = ((y ?? 0) - 0.3) ** 2 + ((z ?? 0) - 0.6) ** 2;
        return {
          trial,
          to,
          metrics: { kl: (1 - (x ?? 0)) ** 2 + 2 * far, density: (x ?? 0) + far },
        };
      }),
    );
  }
  return study;
}

function pairs(study: Study): Pair[] {
  return study.front().map(({ results }) => results[0]?.objectives ?? [1, 1]);
}

test('a study of two objectives ends with the front of its trials', async (t) => {
  const study = await run(new TpeSampler({ seed: 1 }));
  const front = pairs(study);
  t.true(front.length >= 5);
  for (const { results } of study.trials) {
    const own = results[0]?.objectives ?? [1, 1];
    const isOnFront = front.some((pair) => pair[0] === own[0] && pair[1] === own[1]);
    t.is(
      isOnFront,
      !study.trials.some((other) => dominates(other.results[0]?.objectives ?? [1, 1], own)),
    );
  }
  const firsts = front.map(([first]) => first);
  t.deepEqual(
    firsts,
    [...firsts].sort((a, b) => a - b),
  );
});

test('TPE covers more than random search', async (t) => {
  let [tpe, random] = [0, 0];
  for (let seed = 0; seed < 5; seed++) {
    tpe += hypervolume(pairs(await run(new TpeSampler({ seed }))), [1.1, 1.1]);
    random += hypervolume(pairs(await run(new RandomSampler({ seed }))), [1.1, 1.1]);
  }
  t.true(tpe > 1.05 * random, `${tpe} against ${random}`);
});

test('regressions of both objectives leave less of the area uncovered than densities alone', async (t) => {
  // The front (1 - x)^2 over x covers 1.1^2 minus the area below it.
  const whole = hypervolume(
    Array.from({ length: 2001 }, (_, i): Pair => [(1 - i / 2000) ** 2, i / 2000]),
    [1.1, 1.1],
  );
  let [both, alone] = [0, 0];
  for (let seed = 0; seed < 5; seed++) {
    both += whole - hypervolume(pairs(await run(new TpeSampler({ seed }))), [1.1, 1.1]);
    const densities = new TpeSampler({ seed, rerank: false });
    alone += whole - hypervolume(pairs(await run(densities)), [1.1, 1.1]);
  }
  t.true(both < 0.7 * alone, `${both} against ${alone}`);
});

test('the text of a Pareto objective is read, with constraints and clear errors', (t) => {
  const objective = parseObjective('pareto( kl , accuracy ) s.t. density<=0.5');
  t.is(objective.text, 'pareto(kl,accuracy) s.t. density<=0.5');
  t.deepEqual(objective.metrics, ['kl', 'accuracy', 'density']);
  t.deepEqual(objective.evaluate({ kl: 1, accuracy: 0.8, density: 0.75 }), {
    value: 1,
    violation: 0.25,
    objectives: [1, -0.8],
  });
  t.throws(() => parseObjective('pareto(kl)'), { message: /two different metrics/ });
  t.throws(() => parseObjective('pareto(kl,kl)'), { message: /two different metrics/ });
  t.throws(() => parseObjective('pareto(kl,densty)'), { message: /did you mean density/ });
});
