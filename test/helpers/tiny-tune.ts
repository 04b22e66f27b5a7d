import { type ChildProcess, fork } from 'node:child_process';
import { readStudy } from '../../ts/search/journal-storage.js';
import type { Trial } from '../../ts/search/trial.js';
import { type TuneOptions, type TuneResult, tune } from '../../ts/tune.js';
import type { TuneEvent } from '../../ts/tune-events.js';

export const config = 'streaming_llm';

/** A small search on the tiny model whose constraint is certain to hold: every default space has densities below. */
export const smallTune = {
  model: 'tiny',
  task: 'niah_mq8@1728',
  config: [config],
  objective: 'kl s.t. density<=0.9',
  trials: 6,
  seed: 1,
  threads: 1,
} as const satisfies TuneOptions;

export interface Told {
  readonly events: TuneEvent[];
  readonly results: TuneResult[];
}

/** Runs `tune` to its end and keeps what it tells. */
export async function tuneTold(options: TuneOptions): Promise<Told> {
  const events: TuneEvent[] = [];
  const onEvent = (event: TuneEvent) => events.push(event);
  const results = await tune({ ...options, onEvent });
  return { events, results };
}

/** Runs `tune` until an event is told for which `isEnd` holds, aborts it there, and keeps what it told. */
export async function tuneUntil(
  options: TuneOptions,
  isEnd: (event: TuneEvent) => boolean,
): Promise<{ events: TuneEvent[]; error: unknown; reason: Error }> {
  const events: TuneEvent[] = [];
  const controller = new AbortController();
  const reason = new Error('stopped by the test');
  const onEvent = (event: TuneEvent) => {
    events.push(event);
    if (isEnd(event)) controller.abort(reason);
  };
  const error = await tune({ ...options, onEvent, signal: controller.signal }).then(
    () => undefined,
    (cause: unknown) => cause,
  );
  return { events, error, reason };
}

export function eventsOf<Name extends TuneEvent['event']>(
  events: readonly TuneEvent[],
  name: Name,
): Extract<TuneEvent, { event: Name }>[] {
  return events.filter((event) => event.event === name) as never;
}

/** Name of the one study that was told of. */
export function studyOf(events: readonly TuneEvent[]): string {
  return eventsOf(events, 'study')[0]?.name ?? '';
}

/** The trials of a stored study without what a clock has measured. */
export async function storedTrials(home: string, study: string): Promise<unknown[]> {
  const { state } = await readStudy(home, study);
  return state.trials.map(withoutClock);
}

function withoutClock({ results, ...trial }: Trial) {
  const timeless = results.map(({ metrics, ...result }) => {
    const { attentionMs: _ms, ...others } = metrics as Record<string, number>;
    return { ...result, metrics: others };
  });
  return { ...trial, results: timeless };
}

export interface TuneChild {
  readonly process: ChildProcess;
  /** Resolves when it has ended, with its exit code or null where a signal ended it. */
  readonly ended: Promise<number | null>;
}

/** Tunes in a process of its own; `onEvent` is told what it tells. */
export function forkTune(
  options: Omit<TuneOptions, 'signal' | 'onEvent'>,
  onEvent: (event: TuneEvent, child: ChildProcess) => void,
): TuneChild {
  const program = new URL('./tune-child.js', import.meta.url);
  const child = fork(program, [JSON.stringify(options)]);
  child.on('message', (event) => onEvent(event as TuneEvent, child));
  return { process: child, ended: new Promise((resolve) => child.on('exit', resolve)) };
}
