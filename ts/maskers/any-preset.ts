import { rejectConfig, SearchSpaceError } from '../errors.js';
import type { Params } from '../space/distribution.js';
import { readChanges } from '../space/merge-space.js';
import { didYouMean } from '../space/nearest.js';
import { SearchSpace, type SpaceSchema } from '../space/search-space.js';
import type { SparseConfig } from '../sparse-config.js';
import { decompose } from './decompose.js';
import { changeSpace, getPreset, isTunable, listPresets, type Preset } from './presets.js';

/** Name of the config that stands for every other. */
export const ANY = 'any';
/** The parameter that names the method. */
export const METHOD = 'config';

/** Every method in one space: which one, and with which settings. */
export interface AnyPreset extends Preset {
  /** The configs to choose among, with their spaces as they are here. */
  readonly methods: readonly Preset[];
}

/**
 * One conditional space over every config that has parameters: `config` names the method, and the method's own
 * parameters stand beside it. Its untuned default is that of `streaming_llm`, the plainest of them.
 *
 * @param changes - as for changeSpace; a change holds for every method that has the parameter, and `config` with `enum`
 *   narrows the methods
 * @throws {SearchSpaceError} for a parameter that no method has, or as changeSpace
 */
export function anyPreset(changes?: unknown): AnyPreset {
  const all = listPresets().filter(isTunable);
  const { [METHOD]: choice, ...parameters } =
    changes === undefined ? {} : readChanges(changes).changes;
  const methods = chosen(all, choice).map((preset) => {
    const known = SearchSpace.parse(preset.space).names;
    const own = Object.entries(parameters).filter(([name]) => known.includes(name));
    return own.length === 0 ? preset : changeSpace(preset, Object.fromEntries(own));
  });
  rejectUnknown(methods, Object.keys(parameters));
  const methodOf = ({ [METHOD]: name }: Params) =>
    methods.find((preset) => preset.name === name) ??
    rejectConfig(
      `Expected one of ${methods.map((preset) => preset.name).join(', ')} for config but received ${JSON.stringify(name)}`,
    );
  return {
    name: ANY,
    methods,
    defaultConfig: getPreset('streaming_llm').defaultConfig,
    space: unionSpace(methods),
    doc: 'Every method with its own settings.',
    compose: (params) => methodOf(params).compose(withoutMethod(params)),
    infeasibility: (params, context) =>
      methodOf(params).infeasibility(withoutMethod(params), context),
  };
}

/** Whether a preset is made of several methods. */
export function isAny(preset: Preset): preset is AnyPreset {
  return 'methods' in preset;
}

/** The untuned default of each method that its space contains, as parameters. */
export function methodDefaults({ methods }: AnyPreset): readonly Params[] {
  return methods.flatMap((preset) => {
    try {
      return [{ [METHOD]: preset.name, ...decompose(preset, preset.defaultConfig) }];
    } catch (error) {
      if (error instanceof SearchSpaceError) return []; // the space was narrowed to leave it out
      if ((error as { code?: unknown }).code === 'ERR_CONFIG') return [];
      throw error;
    }
  });
}

/** The parameters of the first method that can express a config; see decompose. */
export function decomposeAny({ methods }: AnyPreset, config: SparseConfig): Params {
  const reasons: string[] = [];
  for (const preset of methods) {
    try {
      return { [METHOD]: preset.name, ...decompose(preset, config) };
    } catch (error) {
      reasons.push(`${preset.name}: ${(error as Error).message}`);
    }
  }
  return rejectConfig(`No method can express the config. ${reasons.join('; ')}`);
}

function chosen(all: readonly Preset[], choice: unknown): readonly Preset[] {
  if (choice === undefined) return all;
  const { enum: names, const: only } = (choice ?? {}) as { enum?: unknown; const?: unknown };
  const wanted = only === undefined ? names : [only];
  if (!Array.isArray(wanted) || wanted.length === 0)
    throw new SearchSpaceError(
      `/${METHOD}`,
      `Expected method names, e.g. {"enum": ["quest", "top_p"]}, at /${METHOD} but received ${JSON.stringify(choice)}`,
    );
  for (const name of wanted) {
    if (all.some((preset) => preset.name === name)) continue;
    const known = all.map((preset) => preset.name);
    throw new SearchSpaceError(
      `/${METHOD}`,
      `${JSON.stringify(name)} is no method${didYouMean(String(name), known)}`,
    );
  }
  return all.filter(({ name }) => wanted.includes(name));
}

function rejectUnknown(methods: readonly Preset[], names: readonly string[]): void {
  const known = new Set(methods.flatMap(({ space }) => SearchSpace.parse(space).names));
  const wrong = names.find((name) => !known.has(name));
  if (wrong === undefined) return;
  throw new SearchSpaceError(
    `/${wrong}`,
    `No method has a parameter ${wrong}${didYouMean(wrong, known)}`,
  );
}

function unionSpace(methods: readonly Preset[]): SpaceSchema {
  return {
    oneOf: methods.map(({ name, space: { properties, ...rest } }) => ({
      ...rest,
      properties: { [METHOD]: { const: name }, ...(properties as object | undefined) },
    })),
    discriminator: { propertyName: METHOD },
  };
}

function withoutMethod({ [METHOD]: _method, ...params }: Params): Params {
  return params;
}
