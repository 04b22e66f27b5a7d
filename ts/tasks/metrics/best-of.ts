import type { AnswerMetric } from './metric.js';

/** The metric that takes the best of a prediction's scores against each reference; 0 without references. */
export function bestOf(score: (prediction: string, reference: string) => number): AnswerMetric {
  return (prediction, references) =>
    references.reduce((best, reference) => Math.max(best, score(prediction, reference)), 0);
}
