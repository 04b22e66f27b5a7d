import { cpus } from 'node:os';
import type { ValidationRow, Winner, WinnerKey } from '../cache/winner.js';
import { llamaCpp } from '../engine/llama-library.js';
import { isAny } from '../maskers/any-preset.js';
import { asMetrics } from '../metrics.js';
import { loadAddon } from '../native/addon.js';
import { latestResult } from '../search/trial.js';
import { version } from '../version.js';
import type { FinishedStudy } from './finished-study.js';
import { rankMethods } from './method-ranking.js';
import type { TunedConfig, TuneRequest } from './options.js';
import type { Validation } from './validate.js';

/** All that the record of a winner or a front is made of. */
export interface RecordParts {
  readonly config: TunedConfig;
  readonly key: WinnerKey;
  readonly study: FinishedStudy;
  /** Mean KL of dense against dense on the search questions. */
  readonly noiseFloorKl: number;
  readonly validation: Validation;
  /** Of the model file. */
  readonly modelPath: string;
  /** What of the model GPUs computed. */
  readonly gpu: string | undefined;
}

/** The record of a winner, with the evidence for it and where it comes from. */
export function winnerRecord(
  request: TuneRequest,
  parts: RecordParts & { readonly row: ValidationRow },
): Winner {
  const { key, study, validation, row } = parts;
  const trial = study.trials.find(({ number }) => row.label === `trial ${number}`);
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
      ...(validation.confidence !== undefined && { confidence: validation.confidence }),
      ...(validation.tasks !== undefined && { tasks: validation.tasks }),
    },
    ...(isAny(parts.config.preset) && { methods: rankMethods(study.trials, validation.rows) }),
    provenance: provenanceOf(request, parts),
  };
}

/** How a record was searched for. */
export function searchOf(
  { seed }: TuneRequest,
  { study, noiseFloorKl }: Pick<RecordParts, 'study' | 'noiseFloorKl'>,
): Omit<Winner['search'], 'metrics'> {
  const imported = study.trials.filter(({ isImported }) => isImported).length;
  return {
    study: study.name,
    seed,
    trials: study.trials.length - imported,
    ...(imported > 0 && { imported }),
    questions: study.questions,
    rungs: study.rungs,
    noiseFloorKl,
  };
}

/** Where a record comes from. */
export function provenanceOf(
  { threads }: TuneRequest,
  { config, study, modelPath, gpu }: Pick<RecordParts, 'config' | 'study' | 'modelPath' | 'gpu'>,
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
    ...(gpu !== undefined && { gpu }),
    modelPath,
    space: config.space,
    searchMs: study.searchMs,
  };
}
