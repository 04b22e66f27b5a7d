import { SearchSpaceError } from '../errors.js';
import type {
  CategoricalDistribution,
  Distribution,
  NumericDistribution,
  ParamValue,
} from './distribution.js';
import { didYouMean } from './nearest.js';
import { jsonPointer, problem } from './schema-error.js';

/** A parameter is searched over a distribution, or fixed to one value. */
export type ParsedParameter =
  | { readonly distribution: Distribution }
  | { readonly fixed: ParamValue };

export type JsonObject = Readonly<Record<string, unknown>>;
export type Path = readonly (string | number)[];

const ANNOTATIONS = ['title', 'description', 'default', 'examples', '$comment'];
const SHAPES: Readonly<Record<string, readonly string[]>> = {
  number: ['type', 'minimum', 'maximum', 'multipleOf', 'x-search'],
  integer: ['type', 'minimum', 'maximum', 'multipleOf', 'x-search'],
  boolean: ['type', 'x-search'],
  enum: ['type', 'enum', 'x-search'],
  const: ['type', 'const'],
};

/** Reads the schema of one parameter; `path` is where it stands, for errors. */
export function parseParameter(schema: unknown, path: Path): ParsedParameter {
  const object = expectObject(schema, path, 'the schema of a parameter');
  const shape = shapeOf(object, path);
  rejectUnknown(object, [...(SHAPES[shape] ?? []), ...ANNOTATIONS], path);
  if (shape === 'const') return { fixed: expectScalar(object['const'], [...path, 'const']) };
  const distribution =
    shape === 'enum' || shape === 'boolean'
      ? parseChoices(object, path)
      : parseRange(object, shape === 'integer' ? 'int' : 'float', path);
  return { distribution };
}

/** Throws a SearchSpaceError for a key that is not among `known`. */
export function rejectUnknown(object: JsonObject, known: readonly string[], path: Path): void {
  for (const key of Object.keys(object)) {
    if (known.includes(key)) continue;
    const pointer = jsonPointer([...path, key]);
    throw new SearchSpaceError(
      pointer,
      `Unknown keyword ${key} at ${pointer}${didYouMean(key, known)}`,
    );
  }
}

/** The value as an object, or a SearchSpaceError that says what was expected. */
export function expectObject(value: unknown, path: Path, expected: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as JsonObject;
  return reject(path, `an object, ${expected},`, value);
}

/** Throws the SearchSpaceError of this room. */
export function reject(path: Path, expected: string, value: unknown, hint = ''): never {
  const { path: pointer, message } = problem(jsonPointer(path), expected, value, hint);
  throw new SearchSpaceError(pointer, message);
}

/** Prior probabilities from `x-search.prior`, uniform where none is given. */
export function parseWeights(object: JsonObject, count: number, path: Path): readonly number[] {
  const search = (object['x-search'] ?? {}) as JsonObject;
  for (const key of ['scale', 'step']) {
    if (search[key] !== undefined)
      reject([...path, 'x-search', key], 'no such keyword beside choices', search[key]);
  }
  const prior = (search['prior'] ?? { kind: 'uniform' }) as JsonObject;
  if (prior['kind'] === 'uniform') return Array.from({ length: count }, () => 1 / count);
  const where = [...path, 'x-search', 'prior'];
  if (prior['kind'] !== 'weights')
    reject([...where, 'kind'], '"weights" or "uniform"', prior['kind']);
  const weights = prior['weights'] as readonly number[];
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (weights.length !== count || !(sum > 0)) {
    reject([...where, 'weights'], `${count} weights, one a choice, not all 0`, weights);
  }
  return weights.map((weight) => weight / sum);
}

function shapeOf(object: JsonObject, path: Path): string {
  if ('const' in object) return 'const';
  if ('enum' in object) return 'enum';
  const { type } = object as { type?: unknown };
  if (type === 'number' || type === 'integer' || type === 'boolean') return type;
  if (type !== undefined) {
    return reject(
      [...path, 'type'],
      '"number", "integer" or "boolean" (or an enum or a const)',
      type,
    );
  }
  rejectUnknown(
    object,
    ['type', 'enum', 'const', ...(SHAPES['number'] ?? []), ...ANNOTATIONS],
    path,
  );
  return reject(path, 'a type, an enum or a const', object);
}

function parseChoices(object: JsonObject, path: Path): CategoricalDistribution {
  const values = object['enum'] ?? [false, true];
  const where = [...path, 'enum'];
  if (!Array.isArray(values) || values.length === 0)
    reject(where, 'a list of at least one value', values);
  const choices = (values as readonly unknown[]).map((value, i) =>
    expectScalar(value, [...where, i]),
  );
  if (new Set(choices).size < choices.length) reject(where, 'different values', values);
  return { kind: 'categorical', choices, weights: parseWeights(object, choices.length, path) };
}

function parseRange(object: JsonObject, kind: 'int' | 'float', path: Path): NumericDistribution {
  const low = expectBound(object, 'minimum', kind, path);
  const high = expectBound(object, 'maximum', kind, path);
  if (high < low) reject([...path, 'maximum'], `a number of at least the minimum ${low}`, high);
  const search = (object['x-search'] ?? {}) as JsonObject;
  const scale = search['scale'] === 'log' ? 'log' : 'linear';
  if (scale === 'log' && low <= 0)
    reject([...path, 'minimum'], 'a number above 0 beside scale "log"', low);
  const step = parseStep(object, kind, path);
  checkMultiple(object['multipleOf'], low, step, path);
  const prior = parsePrior(search['prior'], low, high, path);
  return {
    kind,
    low,
    high,
    scale,
    ...(step !== undefined && { step }),
    ...(prior !== undefined && { prior }),
  };
}

function parseStep(object: JsonObject, kind: 'int' | 'float', path: Path): number | undefined {
  const step = ((object['x-search'] ?? {}) as JsonObject)['step'];
  if (step === undefined) return kind === 'int' ? 1 : undefined;
  const isValid =
    typeof step === 'number' && step > 0 && (kind === 'float' || Number.isInteger(step));
  if (!isValid)
    reject(
      [...path, 'x-search', 'step'],
      kind === 'int' ? 'a positive integer' : 'a positive number',
      step,
    );
  return Number(step);
}

/** `multipleOf` only validates: a grid that holds other values would suggest what the schema then refuses. */
function checkMultiple(multiple: unknown, low: number, step: number | undefined, path: Path): void {
  if (multiple === undefined) return;
  const isMultiple = (value: number) =>
    Math.abs(value / Number(multiple) - Math.round(value / Number(multiple))) < 1e-9;
  if (step !== undefined && isMultiple(step) && isMultiple(low)) return;
  reject(
    [...path, 'x-search', 'step'],
    `a step that is, like the minimum, a multiple of multipleOf ${multiple}`,
    step,
  );
}

function parsePrior(
  prior: unknown,
  low: number,
  high: number,
  path: Path,
): { mean: number; sd: number } | undefined {
  if (prior === undefined) return undefined;
  const { kind, mean, sd } = prior as { kind: unknown; mean: number; sd: number };
  const where = [...path, 'x-search', 'prior'];
  if (kind === 'uniform') return undefined;
  if (kind !== 'normal') reject([...where, 'kind'], '"normal" or "uniform"', kind);
  if (mean < low || mean > high)
    reject([...where, 'mean'], `a number from ${low} to ${high}`, mean);
  return { mean, sd };
}

function expectBound(object: JsonObject, key: string, kind: 'int' | 'float', path: Path): number {
  const value = object[key];
  const expected = kind === 'int' ? 'an integer' : 'a number';
  const isValid = kind === 'int' ? Number.isSafeInteger(value) : Number.isFinite(value);
  if (value === undefined) reject(path, `a ${key}, ${expected},`, object);
  if (!isValid) reject([...path, key], expected, value);
  return Number(value);
}

function expectScalar(value: unknown, path: Path): ParamValue {
  const isScalar = value === null || ['string', 'number', 'boolean'].includes(typeof value);
  return isScalar
    ? (value as ParamValue)
    : reject(path, 'a string, a number, a boolean or null', value);
}
