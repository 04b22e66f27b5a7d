import { rejectConfig } from '../errors.js';
import type { SparseConfig } from '../sparse-config.js';
import { validateConfig } from './config-schema.js';
import type { MaskerConfig } from './masker.js';

/** A number that sparse-attention-hub must read as a Python float: there 1 is a count and 1.0 is all keys. */
export interface PythonFloat {
  readonly float: number;
}

export type HubValue = PythonFloat | number | string | boolean | null;

/** A masker as sparse-attention-hub writes it. */
export interface HubMasker {
  /** Name of its Python class. */
  readonly type: string;
  readonly params: Readonly<Record<string, HubValue>>;
}

/** A parameter of the hub: a size (whole numbers count keys, floats are a share of them), or a value by itself. */
type HubField = { readonly size: string } | { readonly value: string; readonly isFloat?: boolean };

interface HubClass {
  readonly kind: string;
  readonly type: string;
  readonly fields: Readonly<Record<string, HubField>>;
  /** Parameters that have no counterpart under `semantics: "exact"`. */
  readonly dropped?: readonly string[];
  /** Why the hub cannot express the masker under `semantics: "exact"`; undefined where it can. */
  readonly difference?: (masker: MaskerConfig) => string | undefined;
}

const heavy = { size: 'heavy' };
const always = (reason: string) => () => reason;

const classes: readonly HubClass[] = [
  { kind: 'sink', type: 'SinkMaskerConfig', fields: { sink_size: { size: 'sink' } } },
  { kind: 'local', type: 'LocalMaskerConfig', fields: { window_size: { size: 'window' } } },
  {
    kind: 'top_k',
    type: 'OracleTopKConfig',
    fields: { heavy_size: heavy },
    difference: ({ scoreDtype }) =>
      scoreDtype === 'int8' ? 'it ranks keys by themselves, never by an int8 copy' : undefined,
  },
  {
    kind: 'top_p',
    type: 'OracleTopPMaskerConfig',
    fields: { top_p: { value: 'topP', isFloat: true } },
  },
  {
    kind: 'quest',
    type: 'QuestTopKMaskerConfig',
    fields: { heavy_size: heavy, page_size: { value: 'pageSize' } },
    dropped: ['label_bits'],
    difference: always("it takes three pages at least, and not the query's own page beside them"),
  },
  {
    kind: 'random_sampling',
    type: 'RandomSamplingMaskerConfig',
    fields: { sampling_rate: { value: 'samplingRate', isFloat: true } },
    difference: always('it draws with replacement, from all keys'),
  },
  {
    kind: 'adaptive_sampling',
    type: 'AdaptiveSamplingMaskerConfig',
    fields: {
      base_rate_sampling: { size: 'base' },
      epsilon: { value: 'epsilon', isFloat: true },
      delta: { value: 'delta', isFloat: true },
    },
    dropped: ['init_offset', 'local_offset', 'sampling_rate'],
    difference: always('it draws with replacement, also keys that are kept already'),
  },
  {
    kind: 'magic_pig',
    type: 'MagicPigConfig',
    fields: { lsh_l: { value: 'lshL' }, lsh_k: { value: 'lshK' } },
    dropped: ['packing', 'seed', 'sampling_rate'],
    difference: always(
      'it keeps a key at its first match, hashes keys with one more dimension, and centres queries with the keys',
    ),
  },
];

/**
 * A chain as sparse-attention-hub writes it.
 *
 * @throws {TypeError} `ERR_CONFIG`, naming every masker that the hub cannot express, and why
 */
export function toHubChain(config: SparseConfig): readonly HubMasker[] {
  const { maskers, semantics = 'exact' } = validateConfig(config);
  if (semantics === 'hub') rejectConfig('Expected semantics exact in the config but received hub');
  const reasons = maskers.flatMap((masker) => {
    const known = classes.find(({ kind }) => kind === masker.kind);
    if (known === undefined) return [`${masker.kind}: it reads such networks or lists otherwise`];
    const reason = known.difference?.(masker);
    return reason === undefined ? [] : [`${masker.kind}: ${reason}`];
  });
  if (reasons.length > 0)
    rejectConfig(`sparse-attention-hub cannot express the config. ${reasons.join('; ')}`);
  return maskers.map(toHubMasker);
}

/** What a chain of the hub means here, as near as can be, and what had to be changed. */
export interface FromHub {
  readonly config: SparseConfig;
  readonly changes: readonly string[];
}

/**
 * The chain of ours that is nearest to one of sparse-attention-hub.
 *
 * @throws {TypeError} `ERR_CONFIG` naming the class or parameter that has no counterpart
 */
export function fromHubChain(chain: readonly HubMasker[]): FromHub {
  const changes: string[] = [];
  const maskers = chain.map(({ type, params }) => {
    const known = classes.find((each) => each.type === type);
    if (known === undefined)
      return rejectConfig(
        `Expected one of ${classes.map((each) => each.type).join(', ')} for the type of a masker but received ${JSON.stringify(type)}`,
      );
    return fromHubMasker(known, params, changes);
  });
  return { config: validateConfig({ maskers }), changes };
}

function toHubMasker(masker: MaskerConfig): HubMasker {
  const { type, fields } = classes.find(({ kind }) => kind === masker.kind) as HubClass;
  const params = Object.entries(fields).map(([name, field]): [string, HubValue] => {
    if ('size' in field) {
      const count = masker[`${field.size}Size`] as number | undefined;
      return [name, count ?? { float: masker[`${field.size}Fraction`] as number }];
    }
    const value = masker[field.value] as number;
    return [name, field.isFloat === true ? { float: value } : value];
  });
  return { type, params: Object.fromEntries(params) };
}

function fromHubMasker(
  { kind, type, fields, dropped = [] }: HubClass,
  params: HubMasker['params'],
  changes: string[],
): MaskerConfig {
  const masker: Record<string, unknown> & { kind: string } = { kind };
  for (const [name, value] of Object.entries(params)) {
    const field = fields[name];
    if (field !== undefined) Object.assign(masker, ours(field, value));
    else if (kind === 'magic_pig' && name === 'center')
      Object.assign(masker, { center: value === false ? 'none' : 'keys' });
    else if (dropped.includes(name)) changes.push(`${kind}: ${name} has no counterpart`);
    else rejectConfig(`Expected no parameter ${name} in ${type}`);
  }
  if (kind !== 'magic_pig') return masker;
  changes.push('magic_pig: minMatches is 1, as there');
  return { center: 'keys', ...masker, minMatches: 1 };
}

function ours(field: HubField, value: HubValue): Readonly<Record<string, unknown>> {
  const number = typeof value === 'object' && value !== null ? value.float : value;
  if (!('size' in field)) return { [field.value]: number };
  const isCount = typeof value === 'number' && Number.isInteger(value);
  return { [`${field.size}${isCount ? 'Size' : 'Fraction'}`]: number };
}
