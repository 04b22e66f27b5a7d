import type { WinnerKey } from '../cache/winner.js';
import { type StoredWinner, WinnerCache, type WinnerQuery } from '../cache/winner-cache.js';
import { rejectArgument } from '../errors.js';
import { resolveHome } from '../home.js';
import { ANY } from '../maskers/any-preset.js';
import { getPreset } from '../maskers/presets.js';
import { parseObjective } from '../search/objective.js';
import type { ObjectiveSpec } from '../search/objective-spec.js';
import { resolveTask } from '../tasks/registry.js';
import { resolveModelFile } from './model-file.js';

export interface GetWinnerOptions {
  /** As for `tune`; a model of the hub is downloaded where it is not here. */
  readonly model: string;
  readonly config: string;
  readonly task: string;
  /** Default `kl s.t. density<=0.1`. */
  readonly objective?: string | ObjectiveSpec;
  /** Default: see resolveHome. */
  readonly home?: string;
  /** Told of every file that is passed over because it cannot be read. */
  readonly onWarning?: (message: string) => void;
}

/** A stored winner, and what it was measured on. */
export interface FoundWinner extends StoredWinner {
  /** The task itself, several with it among them, or several others. */
  readonly kind: 'task' | 'global' | 'global of other tasks';
}

/** What was looked for where, and what was found. */
export interface WinnerLookup {
  readonly cache: WinnerCache;
  readonly query: WinnerQuery & { readonly objective: string };
  readonly found: FoundWinner | undefined;
}

/**
 * The stored winner for a model, config, task and objective, whatever space it was found in: the task's own, else a
 * global one that was measured on the task, else any global one; of several the lowest objective on validation, then
 * the newest. Undefined where there is none; nothing is searched.
 *
 * @throws {TypeError | SparseTuneError} `ERR_ARGUMENT`, `ERR_CONFIG`, `ERR_TASK` or `ERR_OBJECTIVE` naming the option
 *
 * @example
 * const found = await getWinner({ model: 'model.gguf', config: 'magic_pig', task: 'niah_mq8@2048' });
 * const attention = found && new SparseAttention(found.winner.sparseConfig, { nQHeads: 32 });
 */
export async function getWinner(options: GetWinnerOptions): Promise<FoundWinner | undefined> {
  return (await lookUpWinner(options)).found;
}

/** As getWinner, with what was looked for. */
export async function lookUpWinner(options: GetWinnerOptions): Promise<WinnerLookup> {
  const { model, config, onWarning } = options;
  const home = resolveHome(options.home);
  const { task, data } = await taskQuery(options.task);
  const { text: objective, isPareto } = parseObjective(options.objective);
  if (isPareto === true)
    rejectArgument(
      'objective',
      'an objective with one value (its front is in "cache ls")',
      objective,
    );
  const { fingerprint: modelFingerprint } = await resolveModelFile(model, { home });
  const cache = new WinnerCache(home, { onWarning });
  const query = { modelFingerprint, config, task, objective, ...(data && { data }) };
  const stored = await cache.find(query);
  // A config that another program has registered may have winners and be unknown here.
  if (stored === undefined && config !== ANY) getPreset(config);
  return { cache, query, found: stored && { ...stored, kind: kindOf(stored.winner.key, task) } };
}

/** A user's file is read, so that a winner of what it held before is not found. */
async function taskQuery(id: string): Promise<{ task: string; data?: string }> {
  const task = resolveTask(id);
  if (task.source === undefined) return { task: task.id };
  await task.prepare?.();
  return { task: task.id, data: String(task.parameters['data']) };
}

/** What a winner was measured on, seen from a task. */
export function kindOf(key: WinnerKey, task: string): FoundWinner['kind'] {
  if ('task' in key) return 'task';
  return key.tasks.includes(task) ? 'global' : 'global of other tasks';
}
