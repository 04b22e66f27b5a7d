import { amount, duration, fitLine, number, parameters, percent } from './format.js';
import { phaseTitle, preparedText, progressText } from './lines.js';
import type { SearchEvent, TuneState } from './state.js';

type Best = NonNullable<SearchEvent['progress']['best']>;

const barWidth = 24;

/** The view of a running search as lines no wider than `width`; redrawn in place. */
export function liveLines(state: TuneState, width: number, elapsedMs: number): string[] {
  const lines = [
    ...Object.values(state.prepared).map(preparedText),
    ...(state.search === undefined ? [] : searchLines(state.search, state.study?.name)),
    ...phaseLines(state, elapsedMs),
  ];
  return lines.map((line) => fitLine(line, width));
}

function phaseLines({ phase }: TuneState, elapsedMs: number): string[] {
  if (phase === undefined) return [];
  const title = phaseTitle(phase.phase, phase.config, phase.split);
  const { progress } = phase;
  if (progress === undefined || phase.phase === 'search')
    return [`${title}  ${duration(elapsedMs)}`];
  return [`${title}  ${bar(progress.done, progress.total)} ${progressText(progress)}`];
}

function searchLines(
  { config, progress, budget, front, elapsedMs, remainingMs }: SearchEvent,
  study?: string,
): string[] {
  const { running, complete, pruned, failed, rungs, best } = progress;
  const left =
    remainingMs === undefined || remainingMs === 0 ? '' : `, about ${duration(remainingMs)} left`;
  const reached = rungs.map((rung) => `${rung.trials} at ${rung.resource}`).join(', ');
  return [
    `${config}  ${bar(budget.spent, budget.total)} ${amount(budget.spent)}/${amount(budget.total)} ${budget.unit}, ${duration(elapsedMs)}${left}${study === undefined ? '' : `  (${study})`}`,
    `  ${running} running, ${complete} complete, ${pruned} pruned, ${failed} failed; trials by questions: ${reached}`,
    `  ${best === undefined ? 'no trial has ended yet' : foundText(best, front)}`,
  ];
}

function foundText(best: Best, front: number | undefined): string {
  if (front === undefined) return `best: trial ${best.trial}, ${bestText(best)}`;
  return front === 0
    ? 'no trial holds the constraint yet'
    : `front: ${front} ${front === 1 ? 'trial' : 'trials'} that none beats in both`;
}

function bestText({ metrics, params, isFeasible }: Best): string {
  const mark = isFeasible ? '' : ' (breaks the constraint)';
  return `KL ${number(metrics.kl)}, density ${percent(metrics.density)}, accuracy ${metrics.accuracy.toFixed(3)}${mark}  ${parameters(params)}`;
}

/** A bar of fixed width, filled by the share that is done. */
export function bar(done: number, total: number): string {
  const share = total > 0 ? Math.min(1, done / total) : 0;
  const full = Math.round(share * barWidth);
  return `[${'#'.repeat(full)}${'.'.repeat(barWidth - full)}]`;
}
