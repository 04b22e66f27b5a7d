import { cpus } from 'node:os';
import type { ValidationRow, Winner, WinnerKey } from '../cache/winner.js';
import { llamaCpp } from '../engine/llama-library.js';
import { asMetrics } from '../metrics.js';
import { loadAddon } from '../native/addon.js';
import { latestResult } from '../search/trial.js';
import { version } from '../version.js';
import type { TunedConfig, TuneRequest } from './options.js';
import type { PreparedSplit } from './prepare-split.js';
import type { FinishedStudy } from './run-study.js';
import type { Validation } from './validate.js';

/** All that a winner's record is made of. */
export interface WinnerParts {
  readonly config: TunedConfig;
  readonly key: WinnerKey;
  readonly study: FinishedStudy;
  readonly search: PreparedSplit;
  readonly validation: Validation;
  readonly row: ValidationRow;
  /** Of the model file. */
  readonly modelPath: string;
}

/** The record of a winner, with the evidence for it and where it comes from. */
export function winnerRecord(request: TuneRequest, parts: WinnerParts): Winner {
  const { key, study, validation, row } = parts;
  const trial = study.best.find(({ number }) => row.label === `trial ${number}`);
  return {
    key,
    params: row.params ?? {},
    sparseConfig: row.config,
    search: {
      ...searchOf(request, parts),
      metrics: asMetrics((trial && latestResult(trial)?.metrics) ?? {}),
    },
    validation: {
      contexts: validation.contexts,
      questions: validation.questions,
      rows: validation.rows,
      interval: validation.interval,
    },
    provenance: provenanceOf(request, parts),
  };
}

/** How a record was searched for. */
export function searchOf(
  { seed }: TuneRequest,
  { study, search }: Pick<WinnerParts, 'study' | 'search'>,
): Omit<Winner['search'], 'metrics'> {
  return {
    study: study.name,
    seed,
    trials: study.trials,
    questions: study.questions,
    rungs: study.rungs,
    noiseFloorKl: search.prepared.questions.reference.noiseFloorKl,
  };
}

/** Where a record comes from. */
export function provenanceOf(
  { threads }: TuneRequest,
  { config, study, modelPath }: Pick<WinnerParts, 'config' | 'study' | 'modelPath'>,
): Winner['provenance'] {
  return {
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
  };
}
