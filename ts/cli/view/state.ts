import type { ValidationRow } from '../../cache/winner.js';
import type { Split } from '../../tasks/task.js';
import type { TuneEvent, TunePhase } from '../../tune-events.js';

/** All a view needs to know, rebuilt by applying the events of `tune` in order. */
export interface TuneState {
  readonly phase?: PhaseState;
  readonly prepared: Readonly<Partial<Record<Split, PreparedEvent>>>;
  readonly study?: StudyEvent;
  readonly search?: SearchEvent;
  /** Rows of the config that is being validated, in the order in which they came. */
  readonly rows: readonly ValidationRow[];
}

export interface PhaseState {
  readonly phase: TunePhase;
  readonly config?: string | undefined;
  readonly split?: Split | undefined;
  readonly progress?: ProgressEvent;
}

export type ProgressEvent = Extract<TuneEvent, { event: 'progress' }>;
export type PreparedEvent = Extract<TuneEvent, { event: 'prepared' }>;
export type StudyEvent = Extract<TuneEvent, { event: 'study' }>;
export type SearchEvent = Extract<TuneEvent, { event: 'search' }>;

export const initialState: TuneState = { prepared: {}, rows: [] };

/** The state after one more event. */
export function reduce(state: TuneState, event: TuneEvent): TuneState {
  switch (event.event) {
    case 'phase': {
      const { phase, config, split } = event;
      return { ...state, phase: { phase, config, split } };
    }
    case 'progress':
      return { ...state, phase: { ...(state.phase ?? {}), phase: event.phase, progress: event } };
    case 'prepared':
      return { ...state, prepared: { ...state.prepared, [event.split]: event } };
    case 'study': {
      const { search: _before, ...rest } = state;
      return { ...rest, study: event, rows: [] };
    }
    case 'search':
      return { ...state, search: event };
    case 'validation':
      return { ...state, rows: [...state.rows, event.row] };
    default:
      return state;
  }
}
