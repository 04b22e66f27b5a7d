import type { ValidateFunction } from 'ajv/dist/2020.js';
import { SearchSpaceError } from '../errors.js';
import { canonicalJson, hashJson } from './canonical-json.js';
import {
  cellBounds,
  cellCount,
  centralValue,
  fromPrior,
  fromUnit,
  hasUnit,
  nearestValue,
  type Params,
  type ParamValue,
  toUnit,
} from './distribution.js';
import type { JsonObject } from './parse-parameter.js';
import { type Dimension, type Group, parseGroups, validationSchema } from './parse-space.js';
import { describeErrors } from './schema-error.js';
import { compileSchema } from './vocabulary.js';

/** A JSON Schema 2020-12 object whose `properties` are parameters, with `x-search` on any of them. */
export type SpaceSchema = Readonly<Record<string, unknown>>;

/** An alternative that must be taken for a parameter to be present. */
export interface Condition {
  readonly discriminator: Dimension;
  /** Place of the alternative among the discriminator's values. */
  readonly branch: number;
}

/** A unit vector: one coordinate per dimension, NaN for those of alternatives that are not taken. */
export type UnitVector = Float64Array;

/**
 * All ranges of a search, read from a JSON Schema.
 *
 * Parameters are `number`, `integer`, `boolean`, `enum` or `const`; conditional parts stand in `oneOf`, told apart by
 * one property that is a different `const` in each; `x-search` gives `scale` (linear, log), `step` (counted from
 * `minimum`) and `prior`.
 *
 * @throws {SearchSpaceError} from `parse`, with the JSON pointer, what was expected and the nearest known name
 *
 * @example
 * const space = SearchSpace.parse({
 *   properties: {
 *     lshK: { type: 'integer', minimum: 2, maximum: 16 },
 *     lshL: { type: 'integer', minimum: 4, maximum: 300, 'x-search': { scale: 'log' } },
 *   },
 * });
 */
export class SearchSpace {
  readonly schema: SpaceSchema;
  /** Every axis, of all alternatives, in the order of the unit vector; a discriminator stands before its branches. */
  readonly dimensions: readonly Dimension[];
  /** Number of different configurations; Infinity where a range is continuous. */
  readonly size: number;
  /** SHA-256 of the canonical JSON of the schema without its annotations. */
  readonly hash: string;
  readonly #root: Group;
  readonly #validate: ValidateFunction;

  private constructor(schema: SpaceSchema) {
    const { root, dimensions } = parseGroups(schema);
    this.schema = schema;
    this.dimensions = dimensions;
    this.#root = root;
    this.size = groupSize(root);
    this.hash = hashJson(withoutAnnotations(schema));
    this.#validate = compileSchema(validationSchema(schema) as Record<string, unknown>);
  }

  static parse(schema: SpaceSchema | SearchSpace): SearchSpace {
    return schema instanceof SearchSpace ? schema : new SearchSpace(schema);
  }

  /** Names of all parameters, fixed ones and discriminators included, without repeats. */
  get names(): readonly string[] {
    return [...new Set(groupNames(this.#root))];
  }

  /** Whether every configuration has this parameter, because it belongs to no alternative. */
  isAlwaysPresent(dimension: Dimension): boolean {
    const { free, choice } = this.#root;
    return choice?.discriminator === dimension || free.includes(dimension);
  }

  /** The alternatives that a parameter belongs to, from the outermost in; none where it is always present. */
  conditionsOf(dimension: Dimension): readonly Condition[] {
    return findCondition(this.#root, dimension) ?? [];
  }

  /** The configuration, typed; throws a SearchSpaceError unless it lies in the space. */
  check(params: Readonly<Record<string, unknown>>): Params {
    if (this.#validate(params)) return params as Params;
    const { path, message } = describeErrors(this.#validate.errors ?? [], () => this.names);
    throw new SearchSpaceError(path, message);
  }

  /** Whether the configuration satisfies the schema: every parameter in its range, none missing, none unknown. */
  contains(params: Readonly<Record<string, unknown>>): boolean {
    return this.#validate(params) === true;
  }

  /**
   * Whether a configuration, perhaps of a wider space, can be encoded: it has exactly the parameters of one of this
   * space, with its fixed values and choices, while numbers may lie beyond their ranges; their coordinates are then
   * outside [0, 1].
   */
  isComparable(params: Readonly<Record<string, unknown>>): boolean {
    let nNames = 0;
    for (let group: Group | undefined = this.#root; group !== undefined; ) {
      const { free, fixed, choice }: Group = group;
      const isKnown =
        fixed.every(({ name, value }) => params[name] === value) &&
        [...free, ...(choice === undefined ? [] : [choice.discriminator])].every(
          ({ name, distribution }) => hasUnit(distribution, params[name]),
        );
      if (!isKnown) return false;
      nNames += fixed.length + free.length + Number(choice !== undefined);
      group = enter(group, ({ name }) => params[name] as ParamValue);
    }
    return Object.keys(params).length === nNames;
  }

  /**
   * The configuration of this space that is nearest to one of another: unknown parameters are dropped, numbers moved to
   * the nearest value of the range or grid, fixed values taken from this space; what is missing or not a choice here
   * becomes the most expected value (the prior's mean or likeliest choice, the middle of the scale).
   *
   * Undefined where the alternative of a conditional space is not told or does not exist, and where no searched
   * parameter keeps anything of what was given.
   */
  adapt(params: Readonly<Record<string, unknown>>): Params | undefined {
    if (this.contains(params)) return params as Params;
    const adapted: Record<string, ParamValue> = {};
    let nKept = 0;
    for (let group: Group | undefined = this.#root; group !== undefined; ) {
      const { free, fixed, choice }: Group = group;
      for (const { name, value } of fixed) adapted[name] = value;
      for (const { name, distribution } of free) {
        const kept = nearestValue(distribution, params[name]);
        nKept += Number(kept !== undefined);
        adapted[name] = kept ?? centralValue(distribution);
      }
      if (choice === undefined) break;
      const { name, distribution } = choice.discriminator;
      const branch = nearestValue(distribution, params[name]);
      if (branch === undefined) return undefined;
      nKept += 1;
      adapted[name] = branch;
      group = enter(group, () => branch);
    }
    return nKept > 0 ? adapted : undefined;
  }

  /**
   * Builds a unit vector from the root down: `choose` is called once for each dimension that is present, the
   * discriminator before the dimensions of the branch it picks, and returns that dimension's coordinate.
   */
  walk(choose: (dimension: Dimension) => number): UnitVector {
    const unit = new Float64Array(this.dimensions.length).fill(Number.NaN);
    for (let group: Group | undefined = this.#root; group !== undefined; ) {
      for (const dimension of group.free) unit[dimension.index] = choose(dimension);
      group = enter(group, (discriminator) => {
        const u = choose(discriminator);
        unit[discriminator.index] = u;
        return fromUnit(discriminator.distribution, u);
      });
    }
    return unit;
  }

  /** A configuration drawn from the prior, by a source of uniform numbers in [0, 1). */
  sample(uniform: () => number): Params {
    return this.decode(this.walk(({ distribution }) => fromPrior(distribution, uniform())));
  }

  /** The configuration at a unit vector. */
  decode(unit: UnitVector): Params {
    const params: Record<string, ParamValue> = {};
    const take = ({ index, name, distribution }: Dimension): ParamValue => {
      const value = fromUnit(distribution, unit[index] ?? 0.5);
      params[name] = value;
      return value;
    };
    for (let group: Group | undefined = this.#root; group !== undefined; ) {
      for (const { name, value } of group.fixed) params[name] = value;
      group.free.forEach(take);
      group = enter(group, take);
    }
    return params;
  }

  /** The unit vector of a configuration of this space, or of a comparable one: see isComparable. */
  encode(params: Params): UnitVector {
    return this.walk(({ name, distribution }) => toUnit(distribution, params[name] ?? null));
  }

  /** Every configuration of a finite space, once. */
  *enumerate(): Generator<Params> {
    const path: { cell: number; count: number }[] = [];
    do {
      let depth = 0;
      const unit = this.walk(({ distribution }) => {
        path[depth] ??= { cell: 0, count: cellCount(distribution) };
        const [begin, end] = cellBounds(distribution, path[depth]?.cell ?? 0);
        depth += 1;
        return (begin + end) / 2;
      });
      yield this.decode(unit);
    } while (advance(path));
  }

  /** Canonical JSON of a configuration; equal configurations have equal keys. */
  key(params: Params): string {
    return canonicalJson(params);
  }
}

/** The branch that the discriminator's value picks, or undefined where a group has no choice. */
function enter(group: Group, pick: (discriminator: Dimension) => ParamValue): Group | undefined {
  if (group.choice === undefined) return undefined;
  const { discriminator, branches } = group.choice;
  const value = pick(discriminator);
  const { distribution } = discriminator;
  return branches[distribution.kind === 'categorical' ? distribution.choices.indexOf(value) : 0];
}

/** What must be chosen for a dimension to be present; undefined where the group does not have it. */
function findCondition(
  { free, choice }: Group,
  dimension: Dimension,
): readonly Condition[] | undefined {
  if (free.includes(dimension) || choice?.discriminator === dimension) return [];
  if (choice === undefined) return undefined;
  const { discriminator, branches } = choice;
  for (const [i, branch] of branches.entries()) {
    const found = findCondition(branch, dimension);
    if (found !== undefined) return [{ discriminator, branch: i }, ...found];
  }
  return undefined;
}

/** Moves to the next path of an enumeration; false after the last. */
function advance(path: { cell: number; count: number }[]): boolean {
  for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
    if (last.cell + 1 < last.count) {
      last.cell += 1;
      return true;
    }
    path.pop();
  }
  return false;
}

function groupSize(group: Group): number {
  const own = group.free.reduce((size, { distribution }) => size * cellCount(distribution), 1);
  if (group.choice === undefined) return own;
  return own * group.choice.branches.reduce((size, branch) => size + groupSize(branch), 0);
}

function groupNames(group: Group): readonly string[] {
  const own = [...group.fixed, ...group.free].map(({ name }) => name);
  if (group.choice === undefined) return own;
  return [...own, group.choice.discriminator.name, ...group.choice.branches.flatMap(groupNames)];
}

const ANNOTATIONS = ['$schema', '$id', '$comment', 'title', 'description', 'default', 'examples'];

/** A schema without what does not change its meaning; names of parameters are not keywords and stay. */
function withoutAnnotations(schema: JsonObject): JsonObject {
  const entries = Object.entries(schema).filter(([key]) => !ANNOTATIONS.includes(key));
  return Object.fromEntries(entries.map(([key, value]) => [key, cleaned(key, value)]));
}

function cleaned(key: string, value: unknown): unknown {
  if (key === 'oneOf' && Array.isArray(value))
    return value.map((branch) => withoutAnnotations(branch));
  if (key !== 'properties') return value;
  const parameters = Object.entries(value as Readonly<Record<string, JsonObject>>);
  return Object.fromEntries(
    parameters.map(([name, parameter]) => [name, withoutAnnotations(parameter)]),
  );
}
