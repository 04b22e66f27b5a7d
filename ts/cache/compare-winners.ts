import type { TaskEvidence, ValidationRow, Winner } from './winner.js';

/** The least span of a task as a share of the largest: no task counts more than ten times as much as another. */
export const leastShare = 0.1;

/** Value of the objective that the winner reached on the validation split. */
export function validatedObjective({ validation }: Winner): number {
  return winningRow(validation)?.objective ?? Number.POSITIVE_INFINITY;
}

/**
 * A value of each winner by which they compare, lower is better. The objective of a global winner is normalised by the
 * untuned default of its own config, so those of two configs do not compare: global winners are set side by side on the
 * tasks that all of them were validated on, in one unit a task, the largest distance between dense attention and a
 * default. Otherwise it is the validated objective.
 */
export function comparableObjectives(winners: readonly Winner[]): readonly number[] {
  const evidence = winners.map(({ validation }) => validation.tasks ?? []);
  const [first = [], ...others] = evidence;
  const shared = first.filter(({ task }) => others.every((own) => evidenceOn(own, task)));
  if (shared.length === 0) return winners.map(validatedObjective);
  const spans = shared.map(({ task }) => Math.max(...evidence.map((own) => spanOn(own, task))));
  const least = leastShare * Math.max(...spans);
  return evidence.map((own) =>
    shared.reduce((sum, { task }, i) => {
      const value = winningRow(evidenceOn(own, task))?.objective ?? Number.POSITIVE_INFINITY;
      return sum + value / (Math.max(spans[i] ?? 0, least) || 1);
    }, 0),
  );
}

function evidenceOn(tasks: readonly TaskEvidence[], task: string): TaskEvidence | undefined {
  return tasks.find((each) => each.task === task);
}

/** From dense attention to the untuned default; 0 where one was not validated. */
function spanOn(tasks: readonly TaskEvidence[], task: string): number {
  const rows = evidenceOn(tasks, task)?.rows ?? [];
  const objectiveOf = (label: string) => rows.find((row) => row.label === label)?.objective;
  const span = Math.abs(
    (objectiveOf('default') ?? Number.NaN) - (objectiveOf('dense') ?? Number.NaN),
  );
  return Number.isFinite(span) ? span : 0;
}

function winningRow(
  evidence: { readonly rows: readonly ValidationRow[] } | undefined,
): ValidationRow | undefined {
  return evidence?.rows.find(({ isWinner }) => isWinner);
}
