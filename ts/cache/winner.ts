import type { Metrics } from '../metrics.js';
import type { SparseConfig } from '../sparse-config.js';

/** One line of the validation table: dense, the untuned default, or a candidate. */
export interface ValidationRow {
  /** `dense`, `default`, or `trial N`. */
  readonly label: string;
  readonly config: SparseConfig;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly metrics: Metrics;
  /** Value of the objective, lower is better, and by how much a constraint is broken (0: held). */
  readonly objective: number;
  readonly violation: number;
  /** Mean task score by generation, and its paired difference to dense with a 95 % interval. */
  readonly score: number;
  readonly scoreDifference?: { readonly mean: number; readonly low: number; readonly high: number };
  /** The winner, or one of a front. */
  readonly isWinner: boolean;
}

/** What identifies a winner: same key, same answer. */
export interface WinnerKey {
  readonly modelFingerprint: string;
  readonly kvType: 'f16';
  readonly task: string;
  readonly taskVersion: number;
  readonly taskParameters: Readonly<Record<string, unknown>>;
  readonly config: string;
  readonly spaceHash: string;
  readonly objective: string;
  readonly schemaVersion: 1;
}

/** The best configuration found, with the evidence for it. */
export interface Winner {
  readonly key: WinnerKey;
  readonly params: Readonly<Record<string, unknown>>;
  readonly sparseConfig: SparseConfig;
  readonly search: {
    readonly study: string;
    readonly seed: number;
    readonly trials: number;
    readonly questions: number;
    readonly rungs: readonly number[];
    readonly metrics: Metrics;
    readonly noiseFloorKl: number;
  };
  readonly validation: {
    readonly contexts: number;
    readonly questions: number;
    readonly rows: readonly ValidationRow[];
    readonly interval: string;
  };
  readonly provenance: {
    readonly createdAt: string;
    readonly sparsetune: string;
    readonly llamaCpp: string;
    readonly node: string;
    readonly platform: string;
    readonly cpu: string;
    readonly isa: string;
    readonly threads: number;
    readonly modelPath: string;
    readonly space: unknown;
    readonly searchMs: number;
  };
}
