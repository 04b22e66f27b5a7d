import type { Budget } from '../../ts/search/budget.js';
import { MemoryStorage } from '../../ts/search/memory-storage.js';
import { RandomSampler } from '../../ts/search/random-sampler.js';
import { Rng } from '../../ts/search/rng.js';
import type { Sampler } from '../../ts/search/sampler.js';
import type { Scheduler } from '../../ts/search/scheduler.js';
import type { StudyRecord } from '../../ts/search/storage.js';
import { Study } from '../../ts/search/study.js';
import type { SpaceSchema } from '../../ts/space/search-space.js';

const PLANE: SpaceSchema = {
  properties: {
    x: { type: 'number', minimum: 0, maximum: 1 },
    n: { type: 'integer', minimum: 1, maximum: 64 },
  },
};

/**
 * Runs a whole study that is asked and told at random, with results in random order, noisy values and failures; gives
 * what was recorded.
 */
export async function recordedStudy({
  seed,
  trials,
  parallel,
  scheduler,
  failureRate,
  sampler,
  space = PLANE,
  budget,
}: {
  seed: number;
  trials: number;
  parallel: number;
  scheduler: Scheduler;
  failureRate: number;
  sampler?: Sampler;
  space?: SpaceSchema;
  budget?: Budget;
}): Promise<{ study: Study; records: readonly StudyRecord[] }> {
  const storage = new MemoryStorage();
  const study = await Study.open({
    space,
    sampler: sampler ?? new RandomSampler({ seed }),
    scheduler,
    storage,
    trials,
    parallel,
    ...(budget !== undefined && { budget }),
  });
  const rng = Rng.at(seed, 1);
  const waiting: { trial: number; to: number }[] = [];
  while (!study.isFinished) {
    if (waiting.length === 0 || rng.uniform() < 0.5) {
      const jobs = await study.ask(1 + rng.integer(parallel));
      waiting.push(...jobs.map(({ trial, to }) => ({ trial: trial.number, to })));
      continue;
    }
    const told = waiting.splice(rng.integer(waiting.length), 1 + rng.integer(2));
    await study.tell(
      told.map(({ trial, to }) =>
        rng.uniform() < failureRate
          ? { trial, error: 'it fell over' }
          : { trial, to, metrics: { value: rng.uniform() / to } },
      ),
    );
  }
  await study.close();
  const { records } = await storage.open('study');
  return { study, records };
}
