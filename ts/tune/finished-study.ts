import type { Objective } from '../search/objective.js';
import { RungRanking } from '../search/rung-ranking.js';
import type { Trial } from '../search/trial.js';
import { metricsOfPart, type StudyPart, takeInTurn } from './study-parts.js';

/** A study that has run to its end. */
export interface FinishedStudy {
  readonly name: string;
  /** Best first: those that hold the constraints before the others; or a front. */
  readonly best: readonly Trial[];
  readonly trials: readonly Trial[];
  /** Of the first trial that failed. */
  readonly firstError: string | undefined;
  readonly rungs: readonly number[];
  readonly questions: number;
  readonly searchMs: number;
}

/**
 * What a study of several tasks has found out about one of them, as if that had been searched alone: metrics, objective
 * and questions are the task's own, and the best are those that hold the constraints at the highest rung first, then by
 * value.
 */
export function studyOfPart(
  study: FinishedStudy,
  parts: readonly StudyPart[],
  { part, objective }: { readonly part: StudyPart; readonly objective: Objective },
): FinishedStudy {
  const at = parts.indexOf(part);
  const questionsOf = (resource: number) => takeInTurn(parts, resource)[at] ?? 0;
  const trials = study.trials.map((trial) => ({
    ...trial,
    target: questionsOf(trial.target),
    results: trial.results.map(({ order, resource, metrics: all }) => {
      const metrics = metricsOfPart(parts, part, all);
      return { order, resource: questionsOf(resource), metrics, ...objective.evaluate(metrics) };
    }),
  }));
  return {
    ...study,
    best: RungRanking.of(trials).best(),
    trials,
    rungs: study.rungs.map(questionsOf),
    questions: part.questions.questions.length,
  };
}
