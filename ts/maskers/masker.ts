import type { SpaceSchema } from '../space/search-space.js';

/** One masker of a chain as JSON. */
export type MaskerConfig = Readonly<Record<string, unknown> & { kind: string }>;

/** A number of keys, given as a count or as a fraction of the keys of a row: two fields, exactly one present. */
export interface SizeFields {
  readonly count: string;
  readonly fraction: string;
}

/** All that is known of a masker kind beside its kernels. */
export interface MaskerDefinition {
  readonly kind: string;
  /** JSON Schema of its options, `kind` included; unknown options are refused. */
  readonly schema: SpaceSchema;
  /** What people use untuned; valid under the schema. */
  readonly defaultConfig: MaskerConfig;
  /** How each option is searched: a parameter schema by field name. */
  readonly ranges: Readonly<Record<string, SpaceSchema>>;
  /** Fields searched by default; a field of `size` stands for the one that a config uses. */
  readonly searched: readonly string[];
  /** The size option, for maskers that keep a set number of keys. */
  readonly size?: SizeFields;
  /** Whether it attends keys with a probability below 1; a chain may hold one such masker. */
  readonly isSampling: boolean;
  /** What differs under `semantics: "hub"`. */
  readonly hub?: Partial<Pick<MaskerDefinition, 'defaultConfig' | 'ranges' | 'searched'>>;
  readonly doc: MaskerDoc;
}

export interface MaskerDoc {
  /** What it keeps, in one sentence. */
  readonly summary: string;
  /** The keys it adds to the mask of a query at position i with n visible keys. */
  readonly formula: string;
  /** Where the method is published. */
  readonly source: string;
}

/** The options of a size, for a masker's schema: a positive count or a fraction above 0 and up to 1. */
export function sizeProperties({ count, fraction }: SizeFields): SpaceSchema {
  return {
    [count]: { type: 'integer', minimum: 1 },
    [fraction]: { type: 'number', exclusiveMinimum: 0, maximum: 1 },
  };
}

/** The schema of a masker that is only a size: exactly one of the two fields. */
export function sizeSchema(kind: string, size: SizeFields): SpaceSchema {
  return {
    type: 'object',
    properties: { kind: { const: kind }, ...sizeProperties(size) },
    required: ['kind'],
    oneOf: [{ required: [size.count] }, { required: [size.fraction] }],
    additionalProperties: false,
  };
}

/** Keys that a masker keeps of `nKv`: the count, or the fraction rounded down; 0 for a masker without a size. */
export function keptKeys({ size }: MaskerDefinition, config: MaskerConfig, nKv: number): number {
  if (size === undefined) return 0;
  const count = config[size.count];
  if (typeof count === 'number') return count;
  const fraction = config[size.fraction];
  return typeof fraction === 'number' ? Math.floor(fraction * nKv) : 0;
}
