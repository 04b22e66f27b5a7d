import type { BenchPlan } from './bench/plan.js';
import type { CellReport } from './bench/report.js';
import type { PrepareEvent, TuneEvent } from './tune-events.js';

/** What `bench` tells while it works: JSON-serialisable, one object a step. */
export type BenchEvent =
  | PrepareEvent
  | Extract<TuneEvent, { event: 'warning' }>
  | { event: 'bench-plan'; plan: BenchPlan }
  | {
      /** After each batch of answers. */
      event: 'answers';
      model: string;
      task: string;
      config: string;
      /** Answers of this cell, those of earlier runs included. */
      done: number;
      total: number;
      /** Of the whole run, those of earlier runs left out. */
      overall: { done: number; total: number; elapsedMs: number; remainingMs?: number };
    }
  | { event: 'cell'; cell: CellReport }
  | {
      event: 'bench-results';
      resultDir: string;
      files: readonly string[];
      cells: readonly CellReport[];
    };
