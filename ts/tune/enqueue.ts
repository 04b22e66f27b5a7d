import { rejectArgument, rejectConfig, SparseTuneError } from '../errors.js';
import { type AnyPreset, decomposeAny, isAny, METHOD } from '../maskers/any-preset.js';
import { decompose } from '../maskers/decompose.js';
import type { Preset } from '../maskers/presets.js';
import type { Params } from '../space/distribution.js';
import { SearchSpace } from '../space/search-space.js';
import type { SparseConfig } from '../sparse-config.js';

/** A configuration to try first: parameters of the space, or a whole config with `maskers`. */
export type Enqueued = Params | SparseConfig;

/**
 * The entries that each config can express, as parameters of its space, in their order.
 *
 * @param entries - a list of Enqueued, as read from a file
 * @returns one list per preset
 * @throws {TypeError} `ERR_ARGUMENT` if it is no list of objects
 * @throws {SparseTuneError} `ERR_ARGUMENT` naming the entry that none of the presets can express, and why
 */
export function resolveEnqueued(
  entries: unknown,
  presets: readonly Preset[],
): readonly (readonly Params[])[] {
  if (!Array.isArray(entries)) return rejectArgument('enqueue', 'a list of objects', entries);
  const lists = presets.map((): Params[] => []);
  for (const [index, entry] of entries.entries()) {
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
      rejectArgument(`enqueue[${index}]`, 'parameters, or a config { "maskers": [...] },', entry);
    }
    const reasons = presets.flatMap((preset, i) => {
      try {
        lists[i]?.push(...paramsOf(preset, entry));
        return [];
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        return [`${preset.name}: ${error.message}`];
      }
    });
    if (reasons.length < presets.length) continue;
    throw new SparseTuneError(
      'ERR_ARGUMENT',
      `enqueue[${index}] fits no config that is tuned. ${reasons.join('; ')}`,
    );
  }
  return lists;
}

function paramsOf(preset: Preset, entry: object): readonly Params[] {
  if ('maskers' in entry) {
    const config = entry as SparseConfig;
    return [isAny(preset) ? decomposeAny(preset, config) : decompose(preset, config)];
  }
  if (isAny(preset) && !(METHOD in entry)) return paramsOfMethods(preset, entry as Params);
  return [SearchSpace.parse(preset.space).check(entry as Params)];
}

/** Parameters that name no method, for each method that has them all and no others. */
function paramsOfMethods({ methods }: AnyPreset, entry: Params): readonly Params[] {
  const reasons: string[] = [];
  const found = methods.flatMap(({ name, space }) => {
    try {
      return [{ [METHOD]: name, ...SearchSpace.parse(space).check(entry) }];
    } catch (error) {
      reasons.push(`${name}: ${(error as Error).message}`);
      return [];
    }
  });
  if (found.length === 0) rejectConfig(`No method has these parameters. ${reasons.join('; ')}`);
  return found;
}
