import { rejectArgument, SearchSpaceError, SparseTuneError } from '../errors.js';
import type { Distribution, Params, ParamValue } from '../space/distribution.js';
import { mergeSpace } from '../space/merge-space.js';
import { didYouMean } from '../space/nearest.js';
import { parseGroups } from '../space/parse-space.js';
import { SearchSpace, type SpaceSchema } from '../space/search-space.js';
import type { SparseConfig } from '../sparse-config.js';
import { applyParams, type ChainField, chainFields, chainSpace } from './chain-space.js';
import { validateConfig } from './config-schema.js';
import { keptKeys, type MaskerConfig } from './masker.js';
import { maskerOf } from './registry.js';

/** A named chain of maskers with the space that is searched for it. */
export interface Preset {
  readonly name: string;
  /** What people use untuned: the row that a winner is compared with. */
  readonly defaultConfig: SparseConfig;
  /** JSON Schema of the search space; without parameters there is nothing to tune (`dense`). */
  readonly space: SpaceSchema;
  readonly doc: string;
  /**
   * The config that parameters stand for; what they leave out is as in the default.
   *
   * @throws {SparseTuneError} `ERR_CONFIG` if the result is no valid config
   */
  compose(params: Params): SparseConfig;
  /** Why parameters cannot be run on contexts of `nKv` keys, or undefined where they can. Costs no trial. */
  infeasibility(params: Params, context: { readonly nKv: number }): string | undefined;
}

export interface ConfigOptions {
  /** The chain; its option values are the untuned default. A name stands for the kind with its own default. */
  readonly maskers: readonly (MaskerConfig | string)[];
  /** Default: the searched options of the maskers, sizes in the form (count or fraction) that the chain gives them. */
  readonly space?: SpaceSchema;
  readonly semantics?: 'exact' | 'hub';
  readonly doc?: string;
}

/** Names that stand for several configs. */
const reserved = ['any', 'auto'];

const presets = new Map<string, Preset>();

/**
 * Adds a named config, or replaces the one of that name.
 *
 * @throws {SparseTuneError} `ERR_CONFIG` if a masker is not valid
 * @throws {SearchSpaceError} if the space is malformed, or has a parameter that is no option of the chain
 *
 * @example
 * registerConfig('wide_window', { maskers: [{ kind: 'sink', sinkSize: 4 }, { kind: 'local', windowSize: 1024 }] });
 */
export function registerConfig(name: string, options: ConfigOptions): Preset {
  if (!/^[a-z][a-z0-9_]{0,63}$/.test(name) || reserved.includes(name)) {
    rejectArgument(
      'name',
      `a config name of lower-case letters, digits and _, not ${reserved.join(' or ')},`,
      name,
    );
  }
  const preset = createPreset(name, options);
  presets.set(name, preset);
  return preset;
}

/**
 * The config of a name.
 *
 * @throws {SparseTuneError} `ERR_CONFIG`, with the nearest known name
 */
export function getPreset(name: string): Preset {
  const preset = presets.get(name);
  if (preset !== undefined) return preset;
  throw new SparseTuneError(
    'ERR_CONFIG',
    `Unknown config ${JSON.stringify(name)}${didYouMean(name, presets.keys())}`,
  );
}

/** All configs, in the order in which they were registered. */
export function listPresets(): readonly Preset[] {
  return [...presets.values()];
}

/** Whether a config has parameters to tune. */
export function isTunable({ space }: Preset): boolean {
  return Object.keys((space['properties'] ?? {}) as object).length > 0 || 'oneOf' in space;
}

/**
 * The config with parameters of its space narrowed, fixed or widened by name; see mergeSpace.
 *
 * @throws {SearchSpaceError} for an unknown parameter, or a range that reaches values its masker refuses
 *
 * @example
 * changeSpace(getPreset('magic_pig'), { lshK: { const: 8 }, windowSize: { maximum: 64 } });
 */
export function changeSpace(preset: Preset, override: unknown): Preset {
  const space = mergeSpace(preset.space, override);
  checkRanges(space, preset.compose);
  return { ...preset, space };
}

function createPreset(
  name: string,
  { maskers, space, semantics, doc = '' }: ConfigOptions,
): Preset {
  const chain = maskers.map((masker) =>
    typeof masker === 'string' ? defaultOf(masker, semantics) : masker,
  );
  const defaultConfig = validateConfig({
    maskers: chain,
    ...(semantics !== undefined && { semantics }),
  });
  const fields = chainFields(defaultConfig);
  const compose = (params: Params) => validateConfig(applyParams(defaultConfig, fields, params));
  if (space !== undefined) {
    checkSpace(space, fields);
    checkRanges(space, compose);
  }
  return {
    name,
    defaultConfig,
    space: space ?? chainSpace(fields),
    doc,
    compose,
    infeasibility: (params, { nKv }) =>
      infeasibility(applyParams(defaultConfig, fields, params), nKv),
  };
}

/** A name stands for the masker's default; an unknown one is left for validateConfig to refuse. */
function defaultOf(kind: string, semantics: 'exact' | 'hub' | undefined): MaskerConfig {
  return maskerOf(kind, semantics)?.defaultConfig ?? { kind };
}

/** Each parameter must set an option; the discriminators of alternatives need not. */
function checkSpace(schema: SpaceSchema, fields: readonly ChainField[]): void {
  const known = fields.map(({ parameter }) => parameter);
  const { dimensions, names } = SearchSpace.parse(schema);
  const wrong = names.find((name) => !known.includes(name) && !isDiscriminator(schema, name));
  if (wrong === undefined) return;
  const kind = dimensions.some((dimension) => dimension.name === wrong)
    ? 'parameter'
    : 'fixed parameter';
  throw new SearchSpaceError(
    `/properties/${wrong}`,
    `The ${kind} ${wrong} is no option of the chain${didYouMean(wrong, known)}`,
  );
}

/** A range whose ends make valid configs does so throughout: no trial will be refused for its parameters. */
function checkRanges(schema: SpaceSchema, compose: Preset['compose']): void {
  const { root, dimensions } = parseGroups(schema);
  const ranges = dimensions.map(({ name, distribution }) => ({
    name,
    values: extremes(distribution),
  }));
  const fixed = root.fixed.map(({ name, value }) => ({ name, values: [value] }));
  for (const { name, values } of [...fixed, ...ranges]) {
    for (const value of values) {
      try {
        compose({ [name]: value });
      } catch (cause) {
        const reason = (cause as Error).message;
        throw new SearchSpaceError(
          `/properties/${name}`,
          `The range of ${name} is too wide: ${reason}`,
          { cause },
        );
      }
    }
  }
}

function extremes(distribution: Distribution): readonly ParamValue[] {
  return distribution.kind === 'categorical'
    ? distribution.choices
    : [distribution.low, distribution.high];
}

function isDiscriminator(schema: SpaceSchema, name: string): boolean {
  const { oneOf = [] } = schema as { oneOf?: readonly SpaceSchema[] };
  return oneOf.some((branch) => {
    const properties = (branch['properties'] ?? {}) as Readonly<Record<string, SpaceSchema>>;
    return properties[name]?.['const'] !== undefined || isDiscriminator(branch, name);
  });
}

/** Sizes that together reach the whole context are dense attention at the price of a sparse one. */
function infeasibility({ maskers }: SparseConfig, nKv: number): string | undefined {
  const sizes = maskers.map((masker) => {
    const definition = maskerOf(masker.kind);
    return definition === undefined ? 0 : keptKeys(definition, masker, nKv);
  });
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total < nKv) return undefined;
  const parts = maskers
    .map(({ kind }, i) => `${kind} ${sizes[i]}`)
    .filter((_, i) => (sizes[i] ?? 0) > 0);
  return `${parts.join(' + ')} = ${total} keys, but the shortest context has ${nKv}`;
}

registerConfig('dense', {
  maskers: [],
  doc: 'Every key: the reference that all others are compared with.',
});
registerConfig('sink_masker', { maskers: ['sink'], doc: 'Only the first keys.' });
registerConfig('local_masker', { maskers: ['local'], doc: 'Only the last keys.' });
registerConfig('streaming_llm', {
  maskers: ['sink', 'local'],
  doc: 'The first and the last keys (StreamingLLM, arXiv:2309.17453).',
});
registerConfig('hash_attention', {
  maskers: ['sink', 'local', 'top_k'],
  doc: 'The first, the last and the highest-scoring keys, found exactly.',
});
registerConfig('magic_pig', {
  maskers: ['sink', 'local', 'magic_pig'],
  doc: 'The first and the last keys, and a weighted LSH sample of the rest (MagicPIG, arXiv:2410.16179).',
});
registerConfig('adaptive_sampling', {
  maskers: ['sink', 'local', 'top_k', 'adaptive_sampling'],
  doc: 'The first, the last and the highest-scoring keys, and a sample of the rest, sized by an error bound (vAttention, arXiv:2510.05688).',
});
registerConfig('random_sampling', {
  maskers: ['sink', 'local', 'random_sampling'],
  doc: 'The first and the last keys, and a uniform sample of the rest.',
});
registerConfig('top_p', {
  maskers: ['sink', 'local', 'top_p'],
  doc: 'The first and the last keys, and the fewest of the rest that hold a share of its softmax mass.',
});
registerConfig('quest', {
  maskers: ['sink', 'local', 'quest'],
  doc: 'The first and the last keys, and the pages whose bounds promise the highest scores (Quest, arXiv:2406.10774).',
});
