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
  /**
   * Mean task score by generation, and its paired difference to dense with a 95 % interval; left out where no question
   * has references.
   */
  readonly score?: number;
  readonly scoreDifference?: { readonly mean: number; readonly low: number; readonly high: number };
  /** The winner, or one of a front. */
  readonly isWinner: boolean;
}

interface KeyOfAny {
  readonly modelFingerprint: string;
  readonly kvType: 'f16';
  readonly config: string;
  readonly spaceHash: string;
  readonly objective: string;
  readonly schemaVersion: 1;
}

/** What identifies the winner of one task. */
export interface TaskKey extends KeyOfAny {
  readonly task: string;
  readonly taskVersion: number;
  readonly taskParameters: Readonly<Record<string, unknown>>;
}

/** What identifies a global winner: one config for several tasks, sorted by their ids. */
export interface GlobalKey extends KeyOfAny {
  readonly tasks: readonly string[];
  readonly taskVersions: readonly number[];
  readonly taskParameters: readonly Readonly<Record<string, unknown>>[];
}

/** Same key, same answer. */
export type WinnerKey = TaskKey | GlobalKey;

/** The ids of a key's tasks, sorted. */
export function tasksOf(key: WinnerKey): readonly string[] {
  return 'tasks' in key ? key.tasks : [key.task];
}

/** The evidence for a global winner on one of its tasks. */
export interface TaskEvidence {
  readonly task: string;
  readonly contexts: number;
  readonly questions: number;
  readonly rows: readonly ValidationRow[];
}

/** How sure the choice of a winner among the validated candidates is. */
export interface Confidence {
  /** Share of resampled validations in which the winner would be chosen again. */
  readonly chosenAgain: number;
  /** Share of resampled validations in which it holds the constraints. */
  readonly holdsConstraint: number;
  /** Comparisons that were made at once, and are corrected for. */
  readonly comparisons: number;
  readonly method: string;
  readonly others: readonly {
    readonly label: string;
    /** Its objective minus the winner's. */
    readonly difference: { readonly mean: number; readonly low: number; readonly high: number };
    /** Whether it is not shown to be worse than the winner. */
    readonly isTied: boolean;
    /** Whether its density is below the winner's. */
    readonly isSparser: boolean;
  }[];
}

/** One method among those of a study over several. */
export interface MethodRank {
  readonly config: string;
  readonly trials: number;
  /** Label of its best validated row; left out where none was validated. */
  readonly best?: string;
  /** Its trials at the highest rung it reached none of which is better in objective and density, by rising density. */
  readonly front: readonly {
    readonly trial: number;
    readonly questions: number;
    readonly objective: number;
    readonly density: number;
  }[];
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
    /** Trials of an earlier study that counted as well. */
    readonly imported?: number;
    readonly questions: number;
    readonly rungs: readonly number[];
    readonly metrics: Metrics;
    readonly noiseFloorKl: number;
  };
  readonly validation: {
    readonly contexts: number;
    readonly questions: number;
    /** Of a global winner: means over its tasks, the objective normalised. */
    readonly rows: readonly ValidationRow[];
    readonly interval: string;
    /** Left out by versions that did not measure it. */
    readonly confidence?: Confidence;
    /** Of a global winner: the rows of each task. */
    readonly tasks?: readonly TaskEvidence[];
  };
  /** Of the config `any`: all its methods, best first. */
  readonly methods?: readonly MethodRank[];
  readonly provenance: {
    readonly createdAt: string;
    readonly sparsetune: string;
    readonly llamaCpp: string;
    readonly node: string;
    readonly platform: string;
    readonly cpu: string;
    readonly isa: string;
    readonly threads: number;
    /** Devices, and how many layers were theirs; left out where the CPU computed all. */
    readonly gpu?: string;
    readonly modelPath: string;
    readonly space: unknown;
    readonly searchMs: number;
  };
}
