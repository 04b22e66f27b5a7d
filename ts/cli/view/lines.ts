import type { ValidationRow } from '../../cache/winner.js';
import type { TuneEvent, TunePhase } from '../../tune-events.js';
import { budgetText, duration, number, parameters, percent } from './format.js';
import { frontLines, interval, noWinnerLines, winnerLines } from './result.js';
import type { PreparedEvent, ProgressEvent, StudyEvent, TuneState } from './state.js';

type TrialEvent = Extract<TuneEvent, { event: 'trial' }>;
type WarmStartEvent = Extract<TuneEvent, { event: 'warm-start' }>;

/** Least time between two lines about the progress of one phase. */
const progressEveryMs = 10_000;

const phaseNames: Readonly<Record<TunePhase, string>> = {
  data: 'fetching the data',
  load: 'loading the model',
  prefill: 'prefilling the contexts',
  reference: 'dense reference',
  search: 'searching',
  validate: 'validating',
};

/** `searching hash_attention`, `prefilling the contexts (validation)`. */
export function phaseTitle(phase: TunePhase, config?: string, split?: string): string {
  const isPerConfig = config !== undefined && (phase === 'search' || phase === 'validate');
  const isPerSplit = split !== undefined && !isPerConfig && phase !== 'load';
  return `${phaseNames[phase]}${isPerConfig ? ` ${config}` : ''}${isPerSplit ? ` (${split})` : ''}`;
}

/** The lines an event adds to a log that is read from top to bottom. `before` is the state without it. */
export function logLines(event: TuneEvent, before: TuneState): string[] {
  switch (event.event) {
    case 'phase':
      return [`${phaseTitle(event.phase, event.config, event.split)}`];
    case 'progress':
      return isDue(event, before) ? [`  ${progressText(event)}`] : [];
    case 'prepared':
      return [`  ${preparedText(event)}`];
    case 'study':
      return [
        `  study ${event.name}: ${budgetText(event)}${event.resumedTrials > 0 ? `; ${event.resumedTrials} trials known already` : ''}`,
        ...startLines(event),
      ];
    case 'warm-start':
      return startLines(event);
    case 'trial':
      return event.state === 'running' ? [] : [`  ${trialText(event)}`];
    case 'validation':
      return [`  ${validationText(event.row)}`];
    case 'winner':
      return ['', ...winnerLines(event)];
    case 'front':
      return ['', ...frontLines(event)];
    case 'no-winner':
      return ['', ...noWinnerLines(event, before.rows)];
    case 'search':
    case 'warning':
      return [];
  }
}

function validationText({ label, score, scoreDifference, metrics }: ValidationRow): string {
  if (score === undefined) return `${label}: KL ${number(metrics.kl)}`;
  const toDense = scoreDifference === undefined ? '' : `, to dense ${interval(scoreDifference)}`;
  return `${label}: score ${score.toFixed(3)}${toDense}`;
}

/** What a search begins with, where that is more than nothing. */
export function startLines(event: TuneEvent): string[] {
  if (event.event === 'warm-start') return [`  ${warmStartText(event)}`];
  if (event.event !== 'study' || event.imports === undefined) return [];
  return [`  with ${importsText(event.imports, event.continueFrom)}`];
}

/** `20 trials of coarse in its space, and 5 outside it as evidence`. */
export function importsText(
  { inside, outside }: NonNullable<StudyEvent['imports']>,
  from = 'another study',
): string {
  const evidence = outside === 0 ? '' : `, and ${outside} outside it as evidence`;
  return `${inside} ${inside === 1 ? 'trial' : 'trials'} of ${from} in its space${evidence}`;
}

function warmStartText({ config, from }: WarmStartEvent): string {
  if (from.length === 0) return `no stored winner of ${config} fits from elsewhere; begins without`;
  const names = from.map(
    ({ id, tasks, isSameModel }) =>
      `${id} (${tasks.join(' + ')}${isSameModel ? '' : ', another model'})`,
  );
  return `begins with what won elsewhere: ${names.join(', ')}`;
}

/** `24/64 questions, 12.1s, about 20.0s left`. */
export function progressText({ done, total, unit, elapsedMs, remainingMs }: ProgressEvent): string {
  const left =
    remainingMs === undefined || done === total ? '' : `, about ${duration(remainingMs)} left`;
  return `${done}/${total} ${unit}, ${duration(elapsedMs)}${left}`;
}

/** What was made ready for a split, and how well the dense model does. */
export function preparedText(event: PreparedEvent): string {
  const reused = event.snapshotsReused > 0 ? ` (${event.snapshotsReused} from snapshots)` : '';
  return (
    `${event.split}: ${event.contexts} contexts, ${event.questions} questions, dense accuracy ${event.denseAccuracy.toFixed(3)}, ` +
    `KL noise floor ${number(event.noiseFloorKl)}; ${event.contextTokens} tokens prefilled in ${duration(event.prefillMs)}${reused}, ` +
    `dense reference ${duration(event.referenceMs)}`
  );
}

function trialText({ trial, state, questions, params, metrics, error }: TrialEvent): string {
  const result =
    metrics === undefined
      ? (error ?? '')
      : `KL ${number(metrics.kl)}, density ${percent(metrics.density)}`;
  return `trial ${trial} ${state} at ${questions} questions: ${result}  ${parameters(params)}`;
}

/** True where the last shown progress is long enough ago, or the phase ends with it. */
function isDue(event: ProgressEvent, before: TuneState): boolean {
  const last = before.phase?.progress;
  if (event.done === event.total) return last?.done !== event.done;
  const slot = (ms: number) => Math.floor(ms / progressEveryMs);
  return slot(event.elapsedMs) > slot(last?.elapsedMs ?? 0);
}
