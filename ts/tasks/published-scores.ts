import { benchmarkScale, subsetMetric } from './metrics/registry.js';
import type { Task } from './task.js';

/** How a benchmark scores the answers of one of its subsets, and what it publishes of them. */
export function publishedScores(
  benchmark: string,
  subset: string,
): Required<Pick<Task, 'score' | 'upstreamScale'>> {
  const metric = subsetMetric(benchmark, subset);
  return {
    score: (prediction, { references, facts }) => metric(prediction, references, facts),
    ...publishedScale(benchmark, subset),
  };
}

/** What a benchmark publishes of the answers of one of its subsets. */
export function publishedScale(
  benchmark: string,
  subset: string,
): Required<Pick<Task, 'upstreamScale'>> {
  const scale = benchmarkScale(benchmark);
  return {
    upstreamScale: (answers) =>
      scale(
        answers.map(({ question: { references, facts }, prediction }) => ({
          subset,
          prediction,
          references,
          facts,
        })),
      ),
  };
}
