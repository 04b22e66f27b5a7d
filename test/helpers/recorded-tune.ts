import { setTimeout as sleep } from 'node:timers/promises';
import type { TuneOptions, TuneResult } from '../../ts/tune.js';
import type { StudyProgress, TuneEvent } from '../../ts/tune-events.js';
import { metrics, validationRow, winner } from './winners.js';

const progress: StudyProgress = {
  trials: 27,
  running: 3,
  complete: 2,
  pruned: 10,
  failed: 1,
  resourceSpent: 40,
  rungs: [
    { resource: 4, trials: 14 },
    { resource: 11, trials: 5 },
    { resource: 32, trials: 2 },
  ],
  best: { trial: 7, params: { heavyFraction: 0.0512345 }, metrics: metrics(), isFeasible: true },
};

const params = { heavyFraction: 0.0512345, sinkSize: 16 };

/** What a run of one config tells, shortened. */
export const recordedEvents: readonly TuneEvent[] = [
  { event: 'phase', phase: 'load' },
  { event: 'phase', phase: 'prefill', split: 'search' },
  {
    event: 'progress',
    phase: 'prefill',
    done: 1,
    total: 4,
    unit: 'contexts',
    elapsedMs: 3000,
    remainingMs: 9000,
  },
  { event: 'progress', phase: 'prefill', done: 4, total: 4, unit: 'contexts', elapsedMs: 12_000 },
  { event: 'phase', phase: 'reference', split: 'search' },
  {
    event: 'prepared',
    task: 'niah_mq8@512',
    split: 'search',
    contexts: 4,
    questions: 32,
    contextTokens: 1720,
    prefillMs: 12_000,
    snapshotsReused: 1,
    referenceMs: 9500,
    noiseFloorKl: 0.0000012,
    denseAccuracy: 0.6875,
  },
  { event: 'phase', phase: 'search', config: 'hash_attention' },
  {
    event: 'study',
    tasks: ['niah_mq8@512'],
    config: 'hash_attention',
    name: 'hash_attention-1a2b',
    resumedTrials: 0,
    budget: { trials: 27 },
  },
  { event: 'trial', config: 'hash_attention', trial: 7, state: 'running', questions: 4, params },
  {
    event: 'trial',
    config: 'hash_attention',
    trial: 7,
    state: 'pruned',
    questions: 4,
    params,
    metrics: metrics(),
  },
  {
    event: 'trial',
    config: 'hash_attention',
    trial: 8,
    state: 'failed',
    questions: 4,
    params,
    error: 'out of memory',
  },
  { event: 'warning', message: 'the cores are oversubscribed' },
  {
    event: 'search',
    config: 'hash_attention',
    progress,
    budget: { unit: 'trials', spent: 13, total: 27 },
    elapsedMs: 65_000,
    remainingMs: 30_000,
  },
  { event: 'phase', phase: 'validate', config: 'hash_attention', split: 'validation' },
  {
    event: 'validation',
    config: 'hash_attention',
    row: validationRow({ label: 'dense', isWinner: false }),
  },
  { event: 'validation', config: 'hash_attention', row: validationRow({ isWinner: false }) },
  {
    event: 'winner',
    config: 'hash_attention',
    cached: false,
    path: 'home/winners/w.json',
    winner: winner(),
  },
];

export const noWinner: TuneEvent = {
  event: 'no-winner',
  config: 'magic_pig',
  tasks: ['niah_mq8@512'],
  reason: 'No candidate holds density<=0.1 on validation.',
  nearest: validationRow({ label: 'trial 3', isWinner: false, violation: 0.04 }),
};

/** A `tune` that tells recorded events, one every `pauseMs`, and stops as the real one does. */
export function replay(events: readonly TuneEvent[], pauseMs = 0) {
  return async ({ config = [], task, onEvent, signal }: TuneOptions): Promise<TuneResult[]> => {
    for (const event of events) {
      if (pauseMs > 0) await sleep(pauseMs);
      signal?.throwIfAborted();
      onEvent?.(event);
    }
    const hasWinner = events.some(({ event }) => event === 'winner');
    const tasks = [task].flat();
    return config.map((name) =>
      hasWinner
        ? { config: name, tasks, winner: winner() }
        : { config: name, tasks, reason: 'none' },
    );
  };
}
