import type { Winner } from './cache/winner.js';
import { SparseTuneError } from './errors.js';
import type { PromptStyle } from './tasks/task.js';
import type { TuneEvent } from './tune-events.js';

export interface TuneOptions {
  readonly model: string;
  readonly task: string;
  readonly config: readonly string[];
  readonly objective?: string;
  readonly trials?: number;
  readonly seed?: number;
  readonly threads?: number;
  readonly home?: string;
  readonly space?: unknown;
  readonly force?: boolean;
  readonly promptStyle?: PromptStyle;
  readonly snapshotLimitBytes?: number;
  readonly metrics?: readonly string[];
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TuneEvent) => void;
}

export interface TuneResult {
  readonly config: string;
  readonly winner?: Winner;
  readonly reason?: string;
}

export async function tune(_options: TuneOptions): Promise<readonly TuneResult[]> {
  throw new SparseTuneError('ERR_ENGINE', 'There is no engine here.');
}
