import type { Interval } from '../tune/bootstrap.js';
import type { ConfigSource } from './resolve-config.js';

/** A mean of the task's metric over questions, 0 to 1, with how sure it is. */
export interface Score extends Interval {
  /** Standard deviation of the mean when contexts, then questions, are drawn anew; null where one question tells nothing. */
  readonly standardError: number | null;
}

/** The same for sparse and dense attention, measured in turn on the same questions; medians. */
export interface SideBySide {
  readonly sparse: number;
  readonly dense: number;
  /** Median of how many times as fast sparse attention was on the same question. */
  readonly speedup: number;
}

/** What was measured of one config on one task with one model: `metrics.json` of its folder. */
export interface CellReport {
  readonly schema: 1;
  readonly model: string;
  readonly task: string;
  readonly config: string;
  /** Where the config is from; left out where it could not be found out. */
  readonly source?: ConfigSource;
  /** `partial` where a run was stopped. */
  readonly state: 'complete' | 'partial' | 'failed';
  readonly error?: { readonly code: string; readonly message: string };
  /** Folder below that of the results, with `/`. */
  readonly folder: string;
  readonly questions: { readonly done: number; readonly total: number };
  readonly contexts: number;
  /** Mean tokens of a context. */
  readonly contextTokens: number;
  /** Left out where the task has no references. */
  readonly score?: Score;
  readonly denseScore?: Score;
  /** Score minus dense, paired question by question; left out of dense itself. */
  readonly difference?: Interval;
  /** Means over the questions; see docs/metrics.md. */
  readonly kl?: number;
  readonly goldLogProbGap?: number;
  readonly accuracy?: number;
  readonly density?: number;
  readonly bytesRead?: number;
  readonly readFraction?: number;
  /** Thread time inside attention for a token of the teacher-forced pass, milliseconds. */
  readonly attentionMs?: SideBySide;
  /** The same for a token that is decoded by itself. */
  readonly stepAttentionMs?: SideBySide;
  /** Decoding one stream, by the clock. */
  readonly tokensPerSecond?: SideBySide & { readonly questions: number };
  /** The benchmark's own metrics on its own scale, of these answers and of the dense ones. */
  readonly upstream?: Readonly<Record<string, number | null>>;
  readonly denseUpstream?: Readonly<Record<string, number | null>>;
  /** Spent on its answers, earlier runs included. */
  readonly elapsedMs: number;
  readonly measuredAt: string;
}
