import type { Params } from '../space/distribution.js';
import type { SpaceSchema } from '../space/search-space.js';
import type { TrialResult } from './trial.js';

/** What a study was started with; a resumed study must be the same, except for its budget. */
export interface StudyHeader {
  readonly schema: 1;
  readonly name: string;
  readonly space: SpaceSchema;
  readonly spaceHash: string;
  readonly objective: string;
  readonly sampler: { readonly kind: string; readonly options: Readonly<Record<string, unknown>> };
  readonly scheduler: {
    readonly kind: string;
    readonly options: Readonly<Record<string, unknown>>;
    readonly rungs: readonly number[];
  };
  /** Budget of new trials. */
  readonly trials: number;
  /** What else identifies the study, e.g. model and task; given by the caller. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** A job as the journal holds it; a new trial brings its configuration. */
export interface JobRecord {
  readonly trial: number;
  readonly from: number;
  readonly to: number;
  readonly params?: Params;
}

/** A trial of another study; the values of its results are those of this study's objective. */
export interface ImportedTrial {
  readonly params: Params;
  /** By rising resource. */
  readonly results: readonly Omit<TrialResult, 'order'>[];
  /** Of one that failed: on the way to which resource, and why. */
  readonly failure?: { readonly to: number; readonly error: string };
}

/** Everything that happens in a study. Replaying the records rebuilds it. */
export type StudyRecord =
  | ({ readonly kind: 'study' } & StudyHeader)
  | { readonly kind: 'promote'; readonly trial: number; readonly from: number; readonly to: number }
  | { readonly kind: 'ask'; readonly batch: number; readonly jobs: readonly JobRecord[] }
  | {
      readonly kind: 'report';
      readonly trial: number;
      readonly to: number;
      readonly metrics: Readonly<Record<string, number>>;
      readonly value: number;
      readonly violation: number;
      /** Only of a Pareto objective. */
      readonly objectives?: readonly [number, number];
    }
  | { readonly kind: 'fail'; readonly trial: number; readonly to: number; readonly error: string }
  | {
      readonly kind: 'enqueue';
      readonly params: readonly Params[];
      /** Present where the configurations are also expected to be good. */
      readonly prior?: true;
    }
  | {
      readonly kind: 'import';
      /** Those that lie in the space, and become the study's first trials. */
      readonly trials: readonly ImportedTrial[];
      /** Those that only a model learns from. */
      readonly outside: readonly ImportedTrial[];
    }
  | { readonly kind: 'finish'; readonly reason: FinishReason };

/** Why a study ended: its budget is spent, its space holds nothing new, or its best result no longer improved. */
export type FinishReason = 'budget' | 'exhausted' | 'patience';

/** The records of one study, held by one writer. */
export interface StudyLog {
  /** All records, oldest first. */
  readonly records: readonly StudyRecord[];
  /** What was wrong with the stored records and could be mended, e.g. a torn last line. */
  readonly warnings: readonly string[];
  /** Adds records as one unit: after a crash either all of them are there or none. */
  append(records: readonly StudyRecord[]): Promise<void>;
  close(): Promise<void>;
}

/** Remembers studies. */
export interface Storage {
  /** Opens a study for writing, new or old; rejects while another writer has it. */
  open(name: string): Promise<StudyLog>;
}
