import type { AnswerRow } from '../../ts/bench/cell-folder.js';
import type { CellReport } from '../../ts/bench/report.js';

/** An answer, made up. */
export function answerRow(id: string, changes: Partial<AnswerRow> = {}): AnswerRow {
  return {
    id,
    context: id.slice(0, 1),
    prediction: ' 17',
    references: ['17'],
    score: 1,
    denseScore: 1,
    metrics: {
      kl: 0.1,
      goldLogProbGap: 0.01,
      accuracy: 1,
      density: 0.2,
      bytesRead: 1000,
      readFraction: 0.25,
    },
    timings: { attentionMs: 1, denseAttentionMs: 4, elapsedMs: 100 },
    ...changes,
  };
}

/** The report of a cell, made up. */
export function cellReport(changes: Partial<CellReport> = {}): CellReport {
  return {
    schema: 1,
    model: 'tiny',
    task: 'niah_mq8@512',
    config: 'magic_pig',
    source: { kind: 'default', preset: 'magic_pig' },
    state: 'complete',
    folder: 'tiny/magic_pig/niah_mq8-512',
    questions: { done: 64, total: 64 },
    contexts: 8,
    contextTokens: 480,
    score: { mean: 0.75, standardError: 0.05, low: 0.65, high: 0.85 },
    denseScore: { mean: 0.8, standardError: 0.04, low: 0.7, high: 0.9 },
    difference: { mean: -0.05, low: -0.1, high: 0.02 },
    kl: 0.0213,
    goldLogProbGap: 0.01,
    accuracy: 0.7,
    density: 0.081,
    bytesRead: 12_345,
    readFraction: 0.12,
    attentionMs: { sparse: 2.5, dense: 7.5, speedup: 3 },
    stepAttentionMs: { sparse: 1.5, dense: 6, speedup: 4 },
    tokensPerSecond: { sparse: 60, dense: 40, speedup: 1.5, questions: 3 },
    elapsedMs: 60_000,
    measuredAt: '2026-01-01T00:00:00.000Z',
    ...changes,
  };
}
