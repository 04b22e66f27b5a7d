import type { Front } from '../../ts/cache/front.js';
import type { TaskKey, ValidationRow, Winner } from '../../ts/cache/winner.js';
import type { Metrics } from '../../ts/metrics.js';

export function metrics(changes: Partial<Metrics> = {}): Metrics {
  return {
    kl: 0.02,
    goldLogProbGap: 0.01,
    accuracy: 0.75,
    density: 0.08,
    bytesRead: 1_000_000,
    readFraction: 0.11,
    attentionMs: 12,
    ...changes,
  };
}

export function validationRow(changes: Partial<ValidationRow> = {}): ValidationRow {
  return {
    label: 'trial 12',
    config: { maskers: [{ kind: 'sink', sinkSize: 16 }] },
    params: { heavyFraction: 0.05 },
    metrics: metrics(),
    objective: 0.02,
    violation: 0,
    score: 0.73,
    scoreDifference: { mean: -0.01, low: -0.06, high: 0.04 },
    isWinner: true,
    ...changes,
  };
}

export function winnerKey(changes: Partial<TaskKey> = {}): TaskKey {
  return {
    modelFingerprint: '98362432-b179c9523d0e',
    kvType: 'f16',
    task: 'niah_mq8@512',
    taskVersion: 1,
    taskParameters: { length: 512, promptStyle: 'plain' },
    config: 'hash_attention',
    spaceHash: 'abcdef',
    objective: 'kl s.t. density<=0.1',
    schemaVersion: 1,
    ...changes,
  };
}

/** A whole winner, made up. */
export function winner(
  key: Partial<TaskKey> = {},
  row: Partial<ValidationRow> = {},
  createdAt = '2026-01-01T00:00:00.000Z',
): Winner {
  const best = validationRow(row);
  const dense = validationRow({
    label: 'dense',
    config: { maskers: [] },
    metrics: metrics({ kl: 0, density: 1, readFraction: 1, accuracy: 0.76 }),
    objective: 0,
    score: 0.74,
    isWinner: false,
  });
  return {
    key: winnerKey(key),
    params: { heavyFraction: 0.05 },
    sparseConfig: best.config,
    search: {
      study: 'hash_attention-1',
      seed: 1,
      trials: 27,
      questions: 32,
      rungs: [4, 11, 32],
      metrics: metrics(),
      noiseFloorKl: 1e-6,
    },
    validation: {
      contexts: 8,
      questions: 64,
      rows: [dense, best],
      interval: 'paired bootstrap, 10000 draws',
    },
    provenance: {
      createdAt,
      sparsetune: '0.1.0',
      llamaCpp: '3.22.1',
      node: 'v20',
      platform: 'linux-x64',
      cpu: 'a CPU',
      isa: 'avx512',
      threads: 2,
      modelPath: 'SmolLM2.gguf',
      space: {},
      searchMs: 60_000,
    },
  };
}

/** A whole front of two, made up. */
export function front(): Front {
  const { search, validation, provenance } = winner();
  const { metrics: _metrics, ...searched } = search;
  const [dense] = validation.rows;
  const rows = [
    validationRow(),
    validationRow({
      label: 'trial 3',
      params: { heavyFraction: 0.01 },
      metrics: metrics({ kl: 0.2, density: 0.03 }),
    }),
  ];
  return {
    key: winnerKey({ objective: 'pareto(kl,density)' }),
    rows,
    search: searched,
    validation: { ...validation, rows: dense === undefined ? rows : [dense, ...rows] },
    provenance: { ...provenance, createdAt: '2026-02-01T00:00:00.000Z' },
  };
}
