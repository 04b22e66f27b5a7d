import test from 'ava';
import { AshaScheduler } from '../../ts/search/asha-scheduler.js';
import { MemoryStorage } from '../../ts/search/memory-storage.js';
import { RandomSampler } from '../../ts/search/random-sampler.js';
import { Rng } from '../../ts/search/rng.js';
import { Study } from '../../ts/search/study.js';
import { StudyState } from '../../ts/search/study-state.js';
import { studyEffects, viewStudy } from '../../ts/search/study-view.js';
import { latestResult, type Trial } from '../../ts/search/trial.js';

const numbers = (trials: readonly Trial[]) => trials.map(({ number }) => number);

const space = {
  properties: {
    x: { type: 'number', minimum: 0, maximum: 1 },
    y: { type: 'number', minimum: 0, maximum: 1 },
  },
};

/** A study whose values are noisy, the less the more questions a trial has. */
async function noisyState(seed: number) {
  const storage = new MemoryStorage();
  const study = await Study.open({
    space,
    sampler: new RandomSampler({ seed }),
    scheduler: new AshaScheduler({ maxResource: 9 }),
    storage,
    trials: 60,
  });
  const noise = Rng.at(seed, 1);
  while (!study.isFinished) {
    const jobs = await study.ask(3);
    await study.tell(
      jobs.map(({ trial, to }) => {
        const { number, params } = trial;
        if (number % 20 === 7) return { trial, error: 'it fell over' };
        const bowl = (Number(params['x']) - 0.4) ** 2 + (Number(params['y']) - 0.6) ** 2;
        const error = noise.uniform() + noise.uniform() + noise.uniform() - 1.5;
        const value = bowl + (0.3 * error) / Math.sqrt(to);
        return { trial, to, metrics: { value } };
      }),
    );
  }
  await study.close();
  const { records } = await storage.open('study');
  return { study, state: StudyState.replay(records) };
}

test('a stored study is ranked as the study ranks itself, not by its luckiest value', async (t) => {
  let differences = 0;
  for (let seed = 0; seed < 6; seed++) {
    const { study, state } = await noisyState(seed);
    const { ranked, progress, front } = viewStudy(state);
    const own = study.best(Number.POSITIVE_INFINITY);
    t.deepEqual(numbers(ranked.slice(0, own.length)), numbers(own));
    t.deepEqual(
      numbers(ranked).toSorted((a, b) => a - b),
      numbers(state.trials),
    );
    t.is(progress.best?.trial, own[0]?.number);
    t.is(front, undefined);
    const states = ranked.map((trial) => trial.state === 'failed');
    t.deepEqual(states, states.toSorted());
    const rungs = ranked.flatMap((trial) => latestResult(trial)?.resource ?? []);
    t.deepEqual(
      rungs,
      rungs.toSorted((a, b) => b - a),
    );
    if (own[0]?.number !== state.best(1)[0]?.number) differences += 1;
  }
  t.true(differences > 0, 'the raw order would have passed');
});

async function paretoState(bound: number) {
  const storage = new MemoryStorage();
  const study = await Study.open({
    space,
    sampler: new RandomSampler({ seed: 3 }),
    scheduler: new AshaScheduler({ maxResource: 9 }),
    objective: `pareto(kl,density) s.t. density<=${bound}`,
    storage,
    trials: 30,
  });
  while (!study.isFinished) {
    const jobs = await study.ask(3);
    await study.tell(
      jobs.map(({ trial, to }) => {
        const [x, y] = [Number(trial.params['x']), Number(trial.params['y'])];
        return { trial, to, metrics: { kl: 1 - x + 0.001 * y, density: y } };
      }),
    );
  }
  await study.close();
  const { records } = await storage.open('study');
  return { study, state: StudyState.replay(records) };
}

test('a study of two objectives has its front and the effects on both', async (t) => {
  const { study, state } = await paretoState(1);
  const { front, ranked } = viewStudy(state);
  t.deepEqual(numbers(front ?? []), numbers(study.front()));
  t.deepEqual(numbers(ranked.slice(0, 1)), numbers(study.best(1)));
  const effects = studyEffects(state, 4);
  t.deepEqual(
    effects.map(({ objective, parameters }) => [objective, parameters[0]?.name]),
    [
      ['kl', 'x'],
      ['density', 'y'],
    ],
  );
  t.is(effects[0]?.parameters[0]?.marginal.length, 4);
});

test('where nothing holds the constraint the effects are on its violation', async (t) => {
  const { state } = await paretoState(-1);
  const [effect, ...more] = studyEffects(state);
  t.is(effect?.objective, 'violation of pareto(kl,density) s.t. density<=-1');
  t.is(effect?.parameters[0]?.name, 'y');
  t.is(more.length, 0);
  t.deepEqual(viewStudy(state).front, []);
});

test('of a study without records nothing is known', (t) => {
  const state = StudyState.replay([]);
  t.deepEqual(viewStudy(state).ranked, []);
  t.deepEqual(studyEffects(state), []);
});
