// Plays studies on problems whose truth is known, through the public interface of the search.
import { AshaScheduler } from '../../build/ts/ts/search/asha-scheduler.js';
import { RandomSampler } from '../../build/ts/ts/search/random-sampler.js';
import { Study } from '../../build/ts/ts/search/study.js';
import { TpeSampler } from '../../build/ts/ts/search/tpe-sampler.js';

/** As many jobs at a time as `tune` asks for at the lowest rung of questions of some 40 tokens. */
const jobsAtOnce = 3;
const clip = 10;

export const samplers = {
  TPE: (seed) => new TpeSampler({ seed }),
  'TPE without its Gaussian process': (seed) => new TpeSampler({ seed, rerank: false }),
  random: (seed) => new RandomSampler({ seed }),
};

/**
 * Runs one study to its end.
 *
 * @param problem - space, objective, rungs, `measure(params, rung)`
 * @param options.sampler - a name of `samplers`
 * @param options.isFull - whether every trial is a full evaluation; else the rungs are the problem's (ASHA)
 * @param options.limits - `trials` or `budget` of the study
 * @returns regret of its winner, see regretOf, and the resource units it spent
 */
export async function playStudy(problem, { sampler, isFull, seed, limits }) {
  const maxResource = problem.rungs.at(-1);
  const scheduler = new AshaScheduler({ maxResource, ...(isFull && { minResource: maxResource }) });
  const study = await Study.open({
    space: problem.space,
    sampler: samplers[sampler](seed),
    scheduler,
    ...(problem.objective && { objective: problem.objective }),
    ...limits,
  });
  while (!study.isFinished) {
    const jobs = await study.ask(jobsAtOnce);
    await study.tell(
      jobs.map(({ trial, to }) => ({
        trial: trial.number,
        to,
        metrics: problem.measure(trial.params, to),
      })),
    );
  }
  await study.close();
  const candidates = study.best(problem.nCandidates).map(({ params }) => params);
  return { regret: regretOf(problem, candidates), spent: study.progress().resourceSpent };
}

/**
 * Regret of a search: 0 = the best there is, 1 = the expected best of `problem.nReference` random full evaluations, at
 * most 10. Judged is the first candidate that holds the constraint on validation, since `tune` validates as many; where
 * none does, the regret is 10.
 */
export function regretOf({ truth, best, reference }, candidates) {
  const value = candidates.map(truth).find((each) => each !== undefined);
  if (value === undefined) return clip;
  return Math.min(clip, Math.max(0, (value - best) / (reference - best)));
}
