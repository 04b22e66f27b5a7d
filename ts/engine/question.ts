import type { Metrics } from '../metrics.js';

/** A prefilled text, as tokens. */
export interface EngineContext {
  readonly id: string;
  readonly tokens: Int32Array;
}

/** A question over a context, as tokens. */
export interface AskedQuestion {
  readonly id: string;
  /** Index of its context. */
  readonly context: number;
  /** Question, template tail and answer prefix; at least one token. */
  readonly promptTokens: Int32Array;
  /** The right continuation, for teacher forcing; at least one token. Left out: what dense attention answers. */
  readonly goldTokens?: Int32Array | undefined;
  /** Limit of a generated answer. */
  readonly maxNewTokens: number;
  /** Whether its answers have a score. Default true. */
  readonly isGraded?: boolean;
}

/** A question with what teacher forcing runs over: its own gold, or dense's answer. */
export interface EngineQuestion extends AskedQuestion {
  readonly goldTokens: Int32Array;
  /** Whose answer the gold is, where it is not the question's own. */
  readonly goldOf?: 'dense';
}

/** What a task thinks of an answer; `isSettled` where no continuation of it can change the score. */
export interface Grade {
  /** Left out where there is nothing to compare it with. */
  readonly score?: number;
  readonly isSettled: boolean;
}

/** Grades the answer to the question at an index. */
export type Grader = (index: number, answer: string) => Grade;

/** The metrics of one question, with the generated answer where one was asked for. */
export interface QuestionResult {
  readonly metrics: Metrics;
  readonly answer?: string;
}
