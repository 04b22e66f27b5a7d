import { tasksOf } from '../cache/winner.js';
import type { StoredWinner, WinnerCache } from '../cache/winner-cache.js';
import { SparseTuneError } from '../errors.js';
import { ANY, anyPreset } from '../maskers/any-preset.js';
import { getPreset } from '../maskers/presets.js';
import type { SparseConfig } from '../sparse-config.js';
import type { Task } from '../tasks/task.js';
import { type FoundWinner, kindOf } from '../tune/get-winner.js';
import type { ConfigSpec } from './options.js';

/** Where the config of a cell is from. */
export type ConfigSource =
  | { readonly kind: 'dense' }
  | { readonly kind: 'default'; readonly preset: string }
  | { readonly kind: 'given'; readonly file?: string }
  /** In the plan of a run that tunes it first. */
  | { readonly kind: 'pending'; readonly preset: string }
  | {
      readonly kind: 'winner';
      /** Of `auto` the one whose winner is the best. */
      readonly preset: string;
      readonly scope: FoundWinner['kind'];
      /** As `sparsetune cache ls` shows it. */
      readonly id: string;
      readonly objective: string;
      readonly tasks: readonly string[];
      readonly createdAt: string;
    };

/** What a config stands for on one task. */
export interface ResolvedConfig {
  readonly config: SparseConfig;
  readonly source: ConfigSource;
}

/** What names the content of a user's own task, once its files are found; undefined of any other. */
export function dataOf({ source, parameters }: Task): string | undefined {
  return source === undefined ? undefined : String(parameters['data']);
}

/** For what a config is looked up. */
export interface ConfigTarget {
  readonly winners: WinnerCache;
  readonly modelFingerprint: string;
  readonly task: string;
  /** What names the content of a user's file, of which alone its winners are. */
  readonly data?: string | undefined;
  readonly objective: string;
  /** Only winners for several tasks, those for all of these before others. */
  readonly globalTasks: readonly string[] | undefined;
  /** Configs that will be tuned for the task first. */
  readonly pending?: readonly string[];
}

/**
 * The config that a name stands for on a task: the stored winner that answers for it, else the untuned default. Of
 * `auto` the best winner of all configs.
 *
 * @throws {SparseTuneError} `ERR_NO_WINNER` for `auto` where nothing is stored
 */
export async function resolveConfig(
  spec: ConfigSpec,
  target: ConfigTarget,
): Promise<ResolvedConfig> {
  switch (spec.kind) {
    case 'dense':
      return { config: { maskers: [] }, source: { kind: 'dense' } };
    case 'given': {
      const { config, file } = spec;
      return { config, source: { kind: 'given', ...(file !== undefined && { file }) } };
    }
    case 'default':
      return untuned(spec.preset);
    case 'preset': {
      if (target.pending?.includes(spec.preset)) return pending(spec.preset);
      const found = await findWinner(spec.preset, target);
      return found === undefined ? untuned(spec.preset) : fromWinner(found, target.task);
    }
    case 'auto': {
      const found = await findWinner(undefined, target);
      if (found !== undefined) return fromWinner(found, target.task);
      const [first] = target.pending ?? [];
      if (first !== undefined) return pending(first);
      throw new SparseTuneError(
        'ERR_NO_WINNER',
        `No winner for "${target.objective}" on ${target.task} is stored for this model, so there is nothing for auto to choose from. "sparsetune tune" finds one, "sparsetune run" does both.`,
      );
    }
  }
}

/** The stored winner that answers for a config, or of all configs where none is named. */
export function findWinner(
  config: string | undefined,
  { winners, modelFingerprint, task, data, objective, globalTasks }: ConfigTarget,
): Promise<StoredWinner | undefined> {
  return winners.find({ modelFingerprint, config, task, data, objective, globalTasks });
}

/** In words, for tables and messages. */
export function sourceText(source: ConfigSource): string {
  switch (source.kind) {
    case 'dense':
      return 'dense attention';
    case 'default':
      return `untuned default of ${source.preset}`;
    case 'given':
      return source.file ?? 'as given';
    case 'pending':
      return `${source.preset}, tuned first`;
    case 'winner': {
      const { preset, scope, id, tasks } = source;
      const of = scope === 'task' ? 'of the task' : `for ${tasks.join(' + ')}`;
      return `${preset} winner ${id} ${of}`;
    }
  }
}

function untuned(preset: string): ResolvedConfig {
  const { defaultConfig } = preset === ANY ? anyPreset() : getPreset(preset);
  return { config: defaultConfig, source: { kind: 'default', preset } };
}

function pending(preset: string): ResolvedConfig {
  return { ...untuned(preset), source: { kind: 'pending', preset } };
}

function fromWinner({ id, winner }: StoredWinner, task: string): ResolvedConfig {
  const { key, provenance } = winner;
  return {
    config: winner.sparseConfig,
    source: {
      kind: 'winner',
      preset: key.config,
      scope: kindOf(key, task),
      id,
      objective: key.objective,
      tasks: tasksOf(key),
      createdAt: provenance.createdAt,
    },
  };
}
