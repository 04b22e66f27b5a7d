import type { Metrics } from '../metrics.js';

/** A prefilled text, as tokens. */
export interface EngineContext {
  readonly id: string;
  readonly tokens: Int32Array;
}

/** A question over a context, as tokens. */
export interface EngineQuestion {
  readonly id: string;
  /** Index of its context. */
  readonly context: number;
  /** Question, template tail and answer prefix; at least one token. */
  readonly promptTokens: Int32Array;
  /** The right continuation, for teacher forcing; at least one token. */
  readonly goldTokens: Int32Array;
  /** Limit of a generated answer. */
  readonly maxNewTokens: number;
}

/** What a task thinks of an answer; `isSettled` where no continuation of it can change the score. */
export interface Grade {
  readonly score: number;
  readonly isSettled: boolean;
}

/** Grades the answer to the question at an index. */
export type Grader = (index: number, answer: string) => Grade;

/** The metrics of one question, with the generated answer where one was asked for. */
export interface QuestionResult {
  readonly metrics: Metrics;
  readonly answer?: string;
}
