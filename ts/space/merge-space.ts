import { SearchSpaceError } from '../errors.js';
import { didYouMean } from './nearest.js';
import {
  expectObject,
  type JsonObject,
  type Path,
  reject,
  rejectUnknown,
} from './parse-parameter.js';
import { constOf, parameterPaths, pointerOf } from './parse-space.js';
import { SearchSpace, type SpaceSchema } from './search-space.js';

/**
 * Changes parameters of a space by name: narrows or widens a range, lists values, or fixes one with `{ const }`.
 *
 * A change may be the whole schema of the parameter, or only what differs: `{ "minimum": 16 }` keeps the type, the
 * maximum and the scale. `const` and `enum` replace the range. A name may stand in several alternatives; all change.
 *
 * @param override - `{ properties: { name: change } }`, or just `{ name: change }`
 * @throws {SearchSpaceError} for an unknown name (with the nearest known one), or if the result is no search space
 *
 * @example
 * mergeSpace(getPreset('magic_pig').space, { lshK: { const: 8 }, windowSize: { maximum: 64 } });
 */
export function mergeSpace(base: SpaceSchema, override: unknown): SpaceSchema {
  SearchSpace.parse(base);
  const { changes, path } = readChanges(override);
  const places = parameterPaths(base);
  const merged = structuredClone(base) as Record<string, unknown>;
  for (const [name, change] of Object.entries(changes)) {
    const where = [...path, name];
    const targets = places.filter((place) => place.name === name);
    if (targets.length === 0) {
      rejectName(
        name,
        where,
        places.map((place) => place.name),
      );
    }
    if (keepBranches(merged, name, change, where)) continue;
    for (const target of targets) changeParameter(merged, target.path, change, where);
  }
  SearchSpace.parse(merged);
  return merged;
}

/** The changes by name, and where they stand in what was given. */
export function readChanges(override: unknown): { changes: JsonObject; path: Path } {
  const object = expectObject(override, [], 'parameters by name');
  const { properties } = object;
  if (properties === undefined) return { changes: object, path: [] };
  rejectUnknown(
    object,
    ['properties', 'type', '$schema', '$id', 'title', 'description', '$comment'],
    [],
  );
  return {
    changes: expectObject(properties, ['properties'], 'parameters by name'),
    path: ['properties'],
  };
}

function rejectName(name: string, path: Path, known: readonly string[]): never {
  const pointer = pointerOf(path);
  throw new SearchSpaceError(
    pointer,
    `Unknown parameter ${name} at ${pointer}${didYouMean(name, new Set(known))}`,
  );
}

/** Where the name is a discriminator: keeps the alternatives whose value the change still allows. */
function keepBranches(group: JsonObject, name: string, change: unknown, where: Path): boolean {
  const { oneOf } = group as { oneOf?: readonly JsonObject[] };
  if (oneOf === undefined) return false;
  const values = oneOf.map((branch) => constOf(branch, name));
  if (values.some((value) => value === undefined)) {
    return oneOf.map((branch) => keepBranches(branch, name, change, where)).some(Boolean);
  }
  const patch = expectObject(change, where, 'e.g. {"const": 8}');
  const allowed = 'const' in patch ? [patch['const']] : [patch['enum'] ?? []].flat();
  const kept = oneOf.filter((_, i) => allowed.includes(values[i]));
  if (kept.length === 0) {
    reject(
      where,
      `a const or an enum of ${values.map((value) => JSON.stringify(value)).join(' or ')}`,
      change,
    );
  }
  // Weights are those of the alternatives before; what is left is chosen evenly.
  Object.assign(group, { oneOf: kept, ...(kept.length < oneOf.length && { 'x-search': {} }) });
  return true;
}

function changeParameter(
  schema: Record<string, unknown>,
  path: Path,
  change: unknown,
  where: Path,
): void {
  const patch = expectObject(change, where, 'e.g. {"const": 8} or {"minimum": 1, "maximum": 64}');
  const parent = path
    .slice(0, -1)
    .reduce<unknown>((at, key) => (at as Record<string | number, unknown>)[key], schema) as Record<
    string,
    JsonObject
  >;
  const name = String(path.at(-1));
  const old = parent[name] ?? {};
  parent[name] =
    'const' in patch || 'enum' in patch || isRange(patch)
      ? checkedType(old, patch, where)
      : patched(old, patch, where);
}

/** A whole range of its own: nothing of the old one is kept. */
function isRange(patch: JsonObject): boolean {
  return (
    patch['type'] === 'boolean' || ('type' in patch && 'minimum' in patch && 'maximum' in patch)
  );
}

function patched(old: JsonObject, patch: JsonObject, where: Path): JsonObject {
  if (!('minimum' in old))
    reject(
      where,
      'a whole range, an enum or a const, since the parameter has no minimum and maximum,',
      patch,
    );
  const search = {
    ...(old['x-search'] as JsonObject | undefined),
    ...(patch['x-search'] as JsonObject | undefined),
  };
  return { ...old, ...patch, ...(Object.keys(search).length > 0 && { 'x-search': search }) };
}

/** A number stays a number: `{ "const": "8" }` is a slip. */
function checkedType(old: JsonObject, patch: JsonObject, where: Path): JsonObject {
  const isNumeric = old['type'] === 'integer' || old['type'] === 'number';
  if (!isNumeric) return patch;
  const values = 'const' in patch ? [patch['const']] : patch['enum'];
  if (!Array.isArray(values)) return patch;
  const wrong = values.find(
    (value) => typeof value !== 'number' || (old['type'] === 'integer' && !Number.isInteger(value)),
  );
  if (wrong !== undefined)
    reject(
      [...where, 'const' in patch ? 'const' : 'enum'],
      old['type'] === 'integer' ? 'an integer' : 'a number',
      wrong,
    );
  return patch;
}
