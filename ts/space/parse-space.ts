import { SearchSpaceError } from '../errors.js';
import type { Distribution, ParamValue } from './distribution.js';
import {
  expectObject,
  type JsonObject,
  type Path,
  parseParameter,
  parseWeights,
  reject,
  rejectUnknown,
} from './parse-parameter.js';
import { describeErrors, jsonPointer } from './schema-error.js';
import { metaSchemaErrors } from './vocabulary.js';

/** A parameter that is searched: one axis of the unit box. */
export interface Dimension {
  readonly name: string;
  /** Place in the unit vector. */
  readonly index: number;
  readonly distribution: Distribution;
}

/** Parameters that are present together, and at most one choice among further groups. */
export interface Group {
  readonly free: readonly Dimension[];
  readonly fixed: readonly { readonly name: string; readonly value: ParamValue }[];
  readonly choice?: { readonly discriminator: Dimension; readonly branches: readonly Group[] };
}

const GROUP_KEYS = [
  'type',
  'properties',
  'required',
  'oneOf',
  'discriminator',
  'x-search',
  'additionalProperties',
  'unevaluatedProperties',
  'title',
  'description',
  '$schema',
  '$id',
  '$comment',
];

/** All keys inside `x-search`. */
const SEARCH_KEYS = ['scale', 'step', 'prior', 'kind', 'mean', 'sd', 'weights'];

/** Reads a search space into its tree of groups; `dimensions` is in the order of the unit vector. */
export function parseGroups(schema: unknown): { root: Group; dimensions: readonly Dimension[] } {
  const dimensions: Dimension[] = [];
  const object = expectObject(schema, [], 'a JSON Schema whose properties are parameters');
  rejectUnknownDeep(object, []);
  const errors = metaSchemaErrors(object);
  if (errors.length > 0) {
    const { path, message } = describeErrors(errors, () => SEARCH_KEYS);
    throw new SearchSpaceError(path, message);
  }
  const root = parseGroup(object, [], dimensions, new Set(), undefined);
  if (root.free.length + root.fixed.length === 0 && root.choice === undefined) {
    reject(['properties'], 'at least one parameter', object['properties']);
  }
  return { root, dimensions };
}

/** Misspelt keywords first: the meta-schema, like JSON Schema, lets them pass. */
function rejectUnknownDeep(object: JsonObject, path: Path): void {
  if (object['type'] !== undefined && object['type'] !== 'object')
    reject([...path, 'type'], '"object"', object['type']);
  rejectUnknown(object, GROUP_KEYS, path);
  const branches = object['oneOf'];
  if (!Array.isArray(branches)) return;
  branches.forEach((branch, i) => {
    const where = [...path, 'oneOf', i];
    rejectUnknownDeep(expectObject(branch, where, 'one alternative of the space'), where);
  });
}

function parseGroup(
  object: JsonObject,
  path: Path,
  dimensions: Dimension[],
  outer: ReadonlySet<string>,
  skip: string | undefined,
): Group {
  const properties = expectObject(
    object['properties'] ?? {},
    [...path, 'properties'],
    'parameters by name',
  );
  const names = new Set(outer);
  const free: Dimension[] = [];
  const fixed: { name: string; value: ParamValue }[] = [];
  for (const [name, schema] of Object.entries(properties)) {
    if (name === skip) continue;
    const where = [...path, 'properties', name];
    if (names.has(name)) reject(where, 'a name that is not used outside this alternative', schema);
    names.add(name);
    const parsed = parseParameter(schema, where);
    if ('fixed' in parsed) fixed.push({ name, value: parsed.fixed });
    else free.push(addDimension(dimensions, name, parsed.distribution));
  }
  rejectUnknownRequired(object, names, path, skip);
  const { oneOf } = object as { oneOf?: readonly JsonObject[] };
  if (oneOf === undefined) return { free, fixed };
  return { free, fixed, choice: parseChoice(object, oneOf, path, dimensions, names) };
}

function parseChoice(
  object: JsonObject,
  branches: readonly JsonObject[],
  path: Path,
  dimensions: Dimension[],
  names: ReadonlySet<string>,
): NonNullable<Group['choice']> {
  const name = discriminatorOf(object, branches, path);
  if (names.has(name))
    reject([...path, 'properties', name], 'a discriminator to stand in oneOf only', name);
  const choices = branches.map((branch) => constOf(branch, name) as ParamValue);
  const weights = parseWeights(object, choices.length, path);
  const discriminator = addDimension(dimensions, name, { kind: 'categorical', choices, weights });
  const outer = new Set([...names, name]);
  const groups = branches.map((branch, i) =>
    parseGroup(branch, [...path, 'oneOf', i], dimensions, outer, name),
  );
  return { discriminator, branches: groups };
}

/** The property that is a different const in each alternative. */
function discriminatorOf(object: JsonObject, branches: readonly JsonObject[], path: Path): string {
  const given = (object['discriminator'] as JsonObject | undefined)?.['propertyName'];
  const candidates =
    given === undefined
      ? Object.keys((branches[0]?.['properties'] ?? {}) as JsonObject)
      : [String(given)];
  const found = candidates.find((name) => {
    const values = branches.map((branch) => constOf(branch, name));
    return values.every((value) => value !== undefined) && new Set(values).size === values.length;
  });
  return (
    found ??
    reject(
      [...path, 'oneOf'],
      'alternatives told apart by one property that is a different const in each',
      branches,
    )
  );
}

/** The const that an alternative gives a property, or undefined. */
export function constOf(branch: JsonObject, name: string): unknown {
  const properties = branch['properties'] as Readonly<Record<string, JsonObject>> | undefined;
  return properties?.[name]?.['const'];
}

function rejectUnknownRequired(
  object: JsonObject,
  names: ReadonlySet<string>,
  path: Path,
  skip: string | undefined,
): void {
  const { required } = object as { required?: readonly string[] };
  required?.forEach((name, i) => {
    if (names.has(name) || name === skip) return;
    reject([...path, 'required', i], 'the name of a parameter', name);
  });
}

function addDimension(
  dimensions: Dimension[],
  name: string,
  distribution: Distribution,
): Dimension {
  const dimension = { name, index: dimensions.length, distribution };
  dimensions.push(dimension);
  return dimension;
}

/** The space as a schema that a configuration must satisfy in full: every parameter required, no other allowed. */
export function validationSchema(schema: JsonObject, isRoot = true): JsonObject {
  const { oneOf, properties, ...rest } = schema as {
    oneOf?: readonly JsonObject[];
    properties?: JsonObject;
  };
  const kept = Object.fromEntries(
    Object.entries(rest).filter(
      ([key]) =>
        ![
          'additionalProperties',
          'unevaluatedProperties',
          'discriminator',
          '$id',
          '$schema',
        ].includes(key),
    ),
  );
  return {
    ...kept,
    type: 'object',
    properties: properties ?? {},
    required: Object.keys(properties ?? {}),
    ...(oneOf !== undefined && { oneOf: oneOf.map((branch) => validationSchema(branch, false)) }),
    ...(isRoot && { unevaluatedProperties: false }),
  };
}

/** Where the parameters of a space and of its alternatives are described: pairs of a name and the path to its schema. */
export function parameterPaths(
  schema: JsonObject,
  path: Path = [],
): readonly { name: string; path: Path }[] {
  const own = Object.keys((schema['properties'] ?? {}) as JsonObject).map((name) => ({
    name,
    path: [...path, 'properties', name],
  }));
  const { oneOf } = schema as { oneOf?: readonly JsonObject[] };
  return [
    ...own,
    ...(oneOf ?? []).flatMap((branch, i) => parameterPaths(branch, [...path, 'oneOf', i])),
  ];
}

/** JSON pointer of a path, for messages outside this file. */
export function pointerOf(path: Path): string {
  return jsonPointer(path);
}
