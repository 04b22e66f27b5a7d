import { rejectConfig } from '../errors.js';
import { canonicalJson } from '../space/canonical-json.js';
import type { Params, ParamValue } from '../space/distribution.js';
import { SearchSpace } from '../space/search-space.js';
import type { SparseConfig } from '../sparse-config.js';
import { chainFields } from './chain-space.js';
import { validateConfig } from './config-schema.js';
import type { MaskerConfig } from './masker.js';
import type { Preset } from './presets.js';
import { maskerOf } from './registry.js';

/**
 * The parameters that a config stands for: the inverse of `preset.compose`. An option that is left out counts as its
 * masker's default.
 *
 * @throws {SparseTuneError} `ERR_CONFIG` if the config is not valid, or the preset cannot make it: other maskers, or an
 *   option that its space does not search
 * @throws {SearchSpaceError} if a value lies outside its range
 *
 * @example
 * const preset = getPreset('streaming_llm');
 * decompose(preset, preset.compose({ sinkSize: 4, windowSize: 64 })); // { sinkSize: 4, windowSize: 64 }
 */
export function decompose(preset: Preset, config: SparseConfig): Params {
  const wanted = filled(validateConfig(config));
  const kinds = (chain: SparseConfig) => chain.maskers.map(({ kind }) => kind).join(', ');
  if (kinds(wanted) !== kinds(preset.defaultConfig)) {
    rejectConfig(
      `Expected the maskers ${kinds(preset.defaultConfig) || '(none)'} of ${preset.name} in the config but received ${kinds(wanted) || '(none)'}`,
    );
  }
  const space = SearchSpace.parse(preset.space);
  const candidates = [...readings(preset, space, wanted)];
  const made = candidates.map((params) => filled(preset.compose(params)));
  const equal = candidates.filter((_, i) => canonicalJson(made[i]) === canonicalJson(wanted));
  const [first] = equal;
  if (first === undefined) return rejectConfig(difference(preset, made[0], wanted));
  return equal.find((params) => space.contains(params)) ?? space.check(first);
}

/** The config with every option that its maskers have a default for. */
function filled(config: SparseConfig): SparseConfig {
  return { semantics: 'exact', ...config, maskers: config.maskers.map(filledMasker) };
}

function filledMasker(masker: MaskerConfig): MaskerConfig {
  const properties = (maskerOf(masker.kind)?.schema['properties'] ?? {}) as Readonly<
    Record<string, { readonly default?: unknown }>
  >;
  const defaults = Object.entries(properties).flatMap(([field, { default: value }]) =>
    value === undefined ? [] : [[field, value] as const],
  );
  return { ...Object.fromEntries(defaults), ...masker };
}

/** The values that the config gives to the space's parameters, once for each branch of its alternatives. */
function* readings(preset: Preset, space: SearchSpace, config: SparseConfig): Generator<Params> {
  const given: Record<string, ParamValue> = {};
  for (const { parameter, masker, field } of chainFields(preset.defaultConfig)) {
    const holder = masker === undefined ? config : config.maskers[masker];
    const value = (holder as Readonly<Record<string, ParamValue>> | undefined)?.[field];
    if (value !== undefined) given[parameter] = value;
  }
  for (const branch of branches(space, given)) {
    const known = space.decode(space.encode({ ...given, ...branch }));
    const params = Object.entries(known).map(([name, value]) => [name, given[name] ?? value]);
    yield Object.fromEntries(params);
  }
}

/** Every choice of the discriminators that no option of the config tells. */
function branches(space: SearchSpace, given: Params): readonly Params[] {
  let choices: readonly Params[] = [{}];
  for (const { name, distribution } of space.dimensions) {
    if (name in given || distribution.kind !== 'categorical') continue;
    choices = choices.flatMap((choice) =>
      distribution.choices.map((value) => ({ ...choice, [name]: value })),
    );
  }
  return choices;
}

/** The first option in which what the preset makes of the config's own values differs from the config. */
function difference(
  { name }: Preset,
  made: SparseConfig | undefined,
  wanted: SparseConfig,
): string {
  const [ours, theirs] = [options(made), options(wanted)];
  const paths = [...theirs.keys(), ...ours.keys()];
  const path = paths.find((option) => ours.get(option) !== theirs.get(option)) ?? '/maskers';
  const [own, other] = [ours.get(path), theirs.get(path)].map((value) =>
    value === undefined ? 'missing' : JSON.stringify(value),
  );
  return `${path} of the config is ${other}, which ${name} cannot express (there it is ${own} and not searched)`;
}

/** Every option by its JSON pointer. */
function options({ maskers, ...own }: SparseConfig = { maskers: [] }): Map<string, unknown> {
  const parts = [['', own] as const, ...maskers.map((part, i) => [`/maskers/${i}`, part] as const)];
  return new Map(
    parts.flatMap(([path, part]) =>
      Object.entries(part).map(([field, value]) => [`${path}/${field}`, value] as const),
    ),
  );
}
