import type { Cell } from './cell.js';
import type { ModelBench } from './model-bench.js';
import type { Outlook, RunProgress } from './progress.js';
import type { CellReport } from './report.js';
import type { ConfigSource } from './resolve-config.js';

/** A task on a model, before it is measured. */
export interface PlannedTask {
  readonly model: string;
  readonly task: string;
  readonly contexts: number;
  readonly questions: number;
  readonly contextTokens: number;
  /** Of prefilling its contexts and measuring dense attention on them. */
  readonly estimate?: Outlook;
}

/** A config on it. */
export interface PlannedCell {
  readonly model: string;
  readonly task: string;
  readonly config: string;
  readonly source?: ConfigSource;
  readonly folder: string;
  /** Answers that are on the disk already, and all. */
  readonly done: number;
  readonly questions: number;
  readonly estimate?: Outlook;
  /** Why it cannot be measured. */
  readonly error?: CellReport['error'];
}

/** What a run does. */
export interface BenchPlan {
  readonly resultDir: string;
  readonly tasks: readonly PlannedTask[];
  readonly cells: readonly PlannedCell[];
  readonly estimate: Outlook;
}

export function makePlan(
  resultDir: string,
  models: readonly ModelBench[],
  progress: RunProgress,
): BenchPlan {
  const tasks = models.flatMap(({ parts, tasks: entries }) =>
    entries.flatMap((entry): PlannedTask[] => {
      const { rendered, task } = entry;
      if (rendered === undefined) return [];
      const { contexts, questions } = rendered;
      return [
        {
          model: parts.name,
          task: task.id,
          contexts: contexts.length,
          questions: questions.length,
          contextTokens: contexts.reduce((sum, { tokens }) => sum + tokens.length, 0),
          estimate: progress.outlook(entry),
        },
      ];
    }),
  );
  const cells = models.flatMap((model) => model.cells.map((cell) => plannedCell(cell, progress)));
  return { resultDir, tasks, cells, estimate: progress.outlook() };
}

function plannedCell(cell: Cell, progress: RunProgress): PlannedCell {
  const { model, task, spec, place, resolved } = cell.parts;
  const { done, total } = cell.progress;
  const { error } = cell;
  return {
    model,
    task,
    config: spec.name,
    ...(resolved !== undefined && { source: resolved.source }),
    folder: place,
    done,
    questions: total,
    ...(error === undefined ? { estimate: progress.outlook(cell) } : { error }),
  };
}
