import type { ErrorObject } from 'ajv/dist/2020.js';
import { didYouMean } from './nearest.js';

/** One thing that is wrong with a value, as a user can act on it. */
export interface SchemaProblem {
  /** JSON pointer into the value; empty for the value itself. */
  readonly path: string;
  readonly message: string;
}

/** JSON pointer of a path of keys. */
export function jsonPointer(keys: readonly (string | number)[]): string {
  return keys.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** A value as it reads in an error: short JSON and its type. */
export function received(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value) ?? String(value);
  const short = text.length > 60 ? `${text.slice(0, 57)}...` : text;
  return `${short} of type ${typeName(value)}`;
}

/** `Expected X at /path but received Y`. */
export function problem(path: string, expected: string, value: unknown, hint = ''): SchemaProblem {
  const place = path === '' ? 'the top level' : path;
  return {
    path,
    message: `Expected ${expected} at ${place} but received ${received(value)}${hint}`,
  };
}

/**
 * The most telling of ajv's errors, in this package's form.
 *
 * @param known - names a user may have meant, for an unknown property at a path
 */
export function describeErrors(
  errors: readonly ErrorObject[],
  known: (error: ErrorObject) => Iterable<string> = () => [],
): SchemaProblem {
  const error = [...errors].sort((a, b) => rank(a) - rank(b))[0];
  if (error === undefined) return { path: '', message: 'Expected a valid value' };
  return describeError(error, known);
}

function describeError(
  error: ErrorObject,
  known: (error: ErrorObject) => Iterable<string>,
): SchemaProblem {
  const path = error.instancePath;
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const name = String(params['additionalProperty'] ?? params['unevaluatedProperty']);
      const pointer = path + jsonPointer([name]);
      return {
        path: pointer,
        message: `Unknown name ${name} at ${pointer}${didYouMean(name, known(error))}`,
      };
    }
    case 'required':
      return problem(path, `the property ${String(params['missingProperty'])}`, error.data);
    case 'enum':
      return enumProblem(error, params['allowedValues'] as readonly unknown[]);
    case 'const':
      return problem(path, JSON.stringify(params['allowedValue']), error.data);
    case 'type':
      return problem(path, `a value of type ${[params['type']].flat().join(' or ')}`, error.data);
    case 'discriminator':
      return problem(
        `${path}${jsonPointer([String(params['tag'])])}`,
        'a known tag',
        params['tagValue'],
        didYouMean(String(params['tagValue']), known(error)),
      );
    default:
      return problem(path, expectation(error), error.data);
  }
}

function enumProblem(error: ErrorObject, allowed: readonly unknown[]): SchemaProblem {
  const texts = allowed.filter((value) => typeof value === 'string');
  const hint =
    typeof error.data === 'string' && texts.length > 0 ? didYouMean(error.data, texts) : '';
  const list = allowed.map((value) => JSON.stringify(value)).join(', ');
  return problem(
    error.instancePath,
    `one of ${list}`,
    error.data,
    hint.startsWith(' (did') ? hint : '',
  );
}

/** ajv says "must be >= 1"; our form says "Expected a value >= 1". */
function expectation(error: ErrorObject): string {
  const message = error.message ?? 'must be valid';
  if (message.startsWith('must be ')) return `a value ${message.slice('must be '.length)}`;
  if (message.startsWith('must ')) return `a value that must ${message.slice('must '.length)}`;
  return message;
}

/** Unknown names first: they are the cause of most other errors. Errors of alternatives say little, so they come last. */
function rank(error: ErrorObject): number {
  const order = [
    'additionalProperties',
    'unevaluatedProperties',
    'discriminator',
    'required',
    'type',
  ];
  if (error.keyword === 'oneOf' || error.keyword === 'anyOf' || error.keyword === 'if') return 100;
  const place = order.indexOf(error.keyword);
  return (place < 0 ? order.length : place) - error.instancePath.split('/').length * 0.01;
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
