import { type ChildProcess, fork } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AnswerRow } from '../../ts/bench/cell-folder.js';
import { type BenchOptions, type BenchResult, bench } from '../../ts/bench.js';
import type { BenchEvent } from '../../ts/bench-events.js';
import './toy-task.js';

/** A small benchmark on the tiny model: two configs on one task of twelve questions. */
export const smallBench = {
  model: 'tiny',
  task: 'toy/scored@300',
  config: ['dense', 'streaming_llm'],
  threads: 1,
} as const satisfies BenchOptions;

/** Runs `bench` to its end and keeps what it tells. */
export async function benchTold(
  options: BenchOptions,
): Promise<{ events: BenchEvent[]; result: BenchResult }> {
  const events: BenchEvent[] = [];
  const result = await bench({ ...options, onEvent: (event) => events.push(event) });
  return { events, result };
}

/** Runs `bench` until an event for which `isEnd` holds, aborts it there, and keeps what it told. */
export async function benchUntil(
  options: BenchOptions,
  isEnd: (event: BenchEvent) => boolean,
): Promise<{ events: BenchEvent[]; error: unknown; reason: Error }> {
  const events: BenchEvent[] = [];
  const controller = new AbortController();
  const reason = new Error('stopped by the test');
  const onEvent = (event: BenchEvent) => {
    events.push(event);
    if (isEnd(event)) controller.abort(reason);
  };
  const error = await bench({ ...options, onEvent, signal: controller.signal }).then(
    () => undefined,
    (cause: unknown) => cause,
  );
  return { events, error, reason };
}

export function eventsOf<Name extends BenchEvent['event']>(
  events: readonly BenchEvent[],
  name: Name,
): Extract<BenchEvent, { event: Name }>[] {
  return events.filter((event) => event.event === name) as never;
}

/** The lines of a cell's `raw.jsonl`. */
export async function rowsIn(resultDir: string, folder: string): Promise<AnswerRow[]> {
  const text = await readFile(join(resultDir, folder, 'raw.jsonl'), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AnswerRow);
}

/** Rows without what a clock has measured. */
export function withoutClock(rows: readonly AnswerRow[]): Omit<AnswerRow, 'timings'>[] {
  return rows.map(({ timings: _timings, ...row }) => row);
}

/** Benchmarks in a process of its own; `onEvent` is told what it tells. */
export function forkBench(
  options: Omit<BenchOptions, 'signal' | 'onEvent'>,
  onEvent: (event: BenchEvent, child: ChildProcess) => void,
): Promise<number | null> {
  const program = new URL('./bench-child.js', import.meta.url);
  const child = fork(program, [JSON.stringify(options)]);
  child.on('message', (event) => onEvent(event as BenchEvent, child));
  return new Promise((resolve) => child.on('exit', resolve));
}
