import { cpus } from 'node:os';
import type { ValidationRow, Winner, WinnerKey } from '../cache/winner.js';
import { llamaCpp } from '../engine/llama-library.js';
import { asMetrics } from '../metrics.js';
import { loadAddon } from '../native/addon.js';
import { latestResult } from '../search/trial.js';
import { version } from '../version.js';
import type { TunedConfig, TuneRequest } from './options.js';
import type { FinishedStudy } from './run-study.js';
import type { Validation } from './validate.js';

/** All that a winner's record is made of. */
export interface WinnerParts {
  readonly config: TunedConfig;
  readonly key: WinnerKey;
  readonly study: FinishedStudy;
  /** Mean KL of dense against dense on the search questions. */
  readonly noiseFloorKl: number;
  readonly validation: Validation;
  readonly row: ValidationRow;
  /** Of the model file. */
  readonly modelPath: string;
}

/** The record of a winner, with the evidence for it and where it comes from. */
export function winnerRecord(
  { seed, threads }: TuneRequest,
  { config, key, study, noiseFloorKl, validation, row, modelPath }: WinnerParts,
): Winner {
  const trial = study.best.find(({ number }) => row.label === `trial ${number}`);
  return {
    key,
    params: row.params ?? {},
    sparseConfig: row.config,
    search: {
      study: study.name,
      seed,
      trials: study.trials.length,
      questions: study.questions,
      rungs: study.rungs,
      metrics: asMetrics((trial && latestResult(trial)?.metrics) ?? {}),
      noiseFloorKl,
    },
    validation: {
      contexts: validation.contexts,
      questions: validation.questions,
      rows: validation.rows,
      interval: validation.interval,
      ...(validation.confidence !== undefined && { confidence: validation.confidence }),
      ...(validation.tasks !== undefined && { tasks: validation.tasks }),
    },
    provenance: {
      createdAt: new Date().toISOString(),
      sparsetune: version,
      llamaCpp: `${llamaCpp.release} (node-llama-cpp ${llamaCpp.packageVersion})`,
      node: process.version,
      platform: `${process.platform}-${process.arch}`,
      cpu: cpus()[0]?.model ?? 'unknown',
      isa: loadAddon().bestIsa,
      threads,
      modelPath,
      space: config.space,
      searchMs: study.searchMs,
    },
  };
}
