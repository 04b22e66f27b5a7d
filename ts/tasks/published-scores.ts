import { benchmarkScale, subsetMetric } from './metrics/registry.js';
import type { Task } from './task.js';

/** How a benchmark scores the answers of one of its subsets, and what it publishes of them. */
export function publishedScores(
  benchmark: string,
  subset: string,
): Required<Pick<Task, 'score' | 'upstreamScale'>> {
  const metric = subsetMetric(benchmark, subset);
  const scale = benchmarkScale(benchmark);
  return {
    score: (prediction, { references }) => metric(prediction, references),
    upstreamScale: (answers) =>
      scale(
        answers.map(({ question: { references }, prediction }) => ({
          subset,
          prediction,
          references,
        })),
      ),
  };
}
