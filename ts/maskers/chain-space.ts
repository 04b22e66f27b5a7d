import type { Params, ParamValue } from '../space/distribution.js';
import type { SpaceSchema } from '../space/search-space.js';
import type { SparseConfig } from '../sparse-config.js';
import type { MaskerConfig, MaskerDefinition } from './masker.js';
import { maskerOf } from './registry.js';

/** A field of one masker of a chain, and the parameter that sets it. */
export interface ChainField {
  readonly parameter: string;
  /** Place of the masker in the chain; undefined for a field of the config itself. */
  readonly masker: number | undefined;
  readonly field: string;
  /** How the field is searched. */
  readonly range: SpaceSchema;
  /** Whether it is part of the chain's default space. */
  readonly isSearched: boolean;
}

/**
 * The parameters of a chain. A parameter has the name of its field; where two maskers of the chain share a field, the
 * names are `<kind>.<field>`, for the second masker of a kind `<kind>2.<field>`.
 */
export function chainFields({ maskers, semantics }: SparseConfig): readonly ChainField[] {
  const fields = maskers.flatMap((config, masker) =>
    maskerFields(maskerOf(config.kind, semantics), config, masker),
  );
  const named = fields.map((entry) => {
    const isShared = fields.some(
      (other) => other.masker !== entry.masker && other.field === entry.field,
    );
    return isShared
      ? { ...entry, parameter: `${qualifier(maskers, entry.masker ?? 0)}.${entry.field}` }
      : entry;
  });
  return semantics === 'hub' ? named : [...named, share];
}

/** It changes what a call costs, never what it computes, so only a space that names it searches it. */
const share: ChainField = {
  parameter: 'share',
  masker: undefined,
  field: 'share',
  range: { enum: ['group', 'head'] },
  isSearched: false,
};

/** The default space of a chain: the searched fields of its maskers. */
export function chainSpace(fields: readonly ChainField[]): SpaceSchema {
  const properties = fields
    .filter(({ isSearched }) => isSearched)
    .map(({ parameter, range }) => [parameter, range]);
  return { type: 'object', properties: Object.fromEntries(properties) };
}

/** The chain with parameters set. A size given as a fraction replaces a count, and the other way round. */
export function applyParams(
  config: SparseConfig,
  fields: readonly ChainField[],
  params: Params,
): SparseConfig {
  const maskers = config.maskers.map((masker, i) => {
    const own = fields.filter(
      (entry) => entry.masker === i && params[entry.parameter] !== undefined,
    );
    const values = own.map(
      ({ field, parameter }) => [field, params[parameter]] as [string, ParamValue],
    );
    return {
      ...withoutRivals(
        masker,
        values.map(([field]) => field),
      ),
      ...Object.fromEntries(values),
    };
  });
  const chosen = params[share.parameter];
  return { ...config, maskers, ...(chosen !== undefined && { share: chosen as 'group' | 'head' }) };
}

function maskerFields(
  definition: MaskerDefinition | undefined,
  config: MaskerConfig,
  masker: number,
): readonly ChainField[] {
  if (definition === undefined) return [];
  return Object.entries(definition.ranges).map(([field, range]) => ({
    parameter: field,
    masker,
    field,
    range,
    isSearched: isSearched(definition, config, field),
  }));
}

/** A size is searched in the form that the config gives it. */
function isSearched(
  { size, searched }: MaskerDefinition,
  config: MaskerConfig,
  field: string,
): boolean {
  if (size === undefined || (field !== size.count && field !== size.fraction))
    return searched.includes(field);
  return config[field] !== undefined;
}

function withoutRivals(masker: MaskerConfig, fields: readonly string[]): MaskerConfig {
  const size = maskerOf(masker.kind)?.size;
  if (
    size === undefined ||
    !fields.some((field) => field === size.count || field === size.fraction)
  )
    return masker;
  const { [size.count]: _count, [size.fraction]: _fraction, ...rest } = masker;
  return { ...rest, kind: masker.kind };
}

function qualifier(maskers: readonly MaskerConfig[], masker: number): string {
  const kind = maskers[masker]?.kind ?? '';
  const nth = maskers.slice(0, masker + 1).filter((other) => other.kind === kind).length;
  return nth === 1 ? kind : `${kind}${nth}`;
}
