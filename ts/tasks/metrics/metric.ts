/** What a metric may need to know of a question beside its references. */
export interface AnswerFacts {
  /** LongBench `trec` and `lsht`: every class name. */
  readonly classes?: readonly string[] | undefined;
  /** LongBench `_e`: words of the context. */
  readonly words?: number | undefined;
  /** LongBench-v2: how long its context is. */
  readonly length?: 'short' | 'medium' | 'long' | undefined;
  /** LongBench-v2. */
  readonly difficulty?: 'easy' | 'hard' | undefined;
}

/**
 * Scores one generated answer, 0 to 1, higher is better. Never throws: where the benchmark's own function fails on an
 * answer or a label, the score is 0.
 */
export type AnswerMetric = (
  prediction: string,
  references: readonly string[],
  facts?: AnswerFacts,
) => number;

/** One answer to a question of a benchmark's subset. */
export interface BenchmarkAnswer {
  readonly subset: string;
  readonly prediction: string;
  readonly references: readonly string[];
  readonly facts?: AnswerFacts | undefined;
}

/**
 * All that a benchmark publishes over a set of answers, with its own scale and rounding. `overall` is always there; null
 * where there is nothing to measure.
 */
export type BenchmarkScale = (
  answers: readonly BenchmarkAnswer[],
) => Readonly<Record<string, number | null>>;
