import type { Front } from './cache/front.js';
import type { ValidationRow, Winner } from './cache/winner.js';
import type { Metrics } from './metrics.js';
import type { Budget } from './search/budget.js';
import type { SearchProgress } from './search/study-state.js';
import type { Split } from './tasks/task.js';
import type { BudgetUse } from './tune/budget.js';
import type { WarmStart } from './tune/warm-start.js';

export type TunePhase = 'data' | 'load' | 'prefill' | 'reference' | 'search' | 'validate';

/** Counts of a study, and its best trial so far with the metrics of this package. */
export interface StudyProgress extends Omit<SearchProgress, 'best'> {
  readonly best?: Omit<NonNullable<SearchProgress['best']>, 'metrics'> & {
    readonly metrics: Metrics;
  };
}

/** What `tune` tells while it works: JSON-serialisable, one object a step. */
export type TuneEvent =
  | { event: 'phase'; phase: TunePhase; config?: string; split?: Split }
  | {
      event: 'progress';
      phase: TunePhase;
      done: number;
      total: number;
      unit: string;
      elapsedMs: number;
      remainingMs?: number;
    }
  | {
      event: 'prepared';
      task: string;
      split: Split;
      contexts: number;
      questions: number;
      contextTokens: number;
      prefillMs: number;
      snapshotsReused: number;
      referenceMs: number;
      noiseFloorKl: number;
      denseAccuracy: number;
    }
  | {
      event: 'study';
      config: string;
      /** Several for a global study. */
      tasks: readonly string[];
      name: string;
      resumedTrials: number;
      budget: Budget;
      patience?: number;
      /** Of a study that began with the trials of another: those in its space, and those that are evidence alone. */
      imports?: StudyProgress['imports'];
      /** That other study, where it is told. */
      continueFrom?: string;
    }
  | {
      /** What a new study begins with where winners of elsewhere are asked for; none where none fits. */
      event: 'warm-start';
      config: string;
      tasks: readonly string[];
      from: readonly WarmStart[];
    }
  | {
      event: 'trial';
      config: string;
      trial: number;
      state: 'running' | 'complete' | 'pruned' | 'failed';
      questions: number;
      params: Readonly<Record<string, unknown>>;
      metrics?: Metrics;
      error?: string;
    }
  | {
      event: 'search';
      config: string;
      progress: StudyProgress;
      /** The limit of the budget that is nearest to its end. */
      budget: BudgetUse;
      elapsedMs: number;
      remainingMs?: number;
      /** Trials on the front, where the objective has one. */
      front?: number;
    }
  | { event: 'validation'; config: string; row: ValidationRow }
  | { event: 'warning'; message: string }
  | { event: 'winner'; config: string; cached: boolean; path: string; winner: Winner }
  | { event: 'front'; config: string; cached: boolean; path: string; front: Front }
  | {
      event: 'no-winner';
      config: string;
      tasks: readonly string[];
      reason: string;
      nearest?: ValidationRow;
    };

/** What is told while the questions of a split are made ready. */
export type PrepareEvent = Extract<TuneEvent, { event: 'phase' | 'progress' | 'prepared' }>;
