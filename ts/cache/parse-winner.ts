import type { Front } from './front.js';
import type { Winner } from './winner.js';

const schemaVersion = 1;

type Requirements = readonly (readonly [
  path: string,
  type: 'string' | 'number' | 'object' | 'array',
])[];

/** What must be there, by path, for the rest of the program to use a record without asking again. */
const common: Requirements = [
  ['key.modelFingerprint', 'string'],
  ['key.config', 'string'],
  ['key.objective', 'string'],
  ['key.spaceHash', 'string'],
  ['search.trials', 'number'],
  ['search.questions', 'number'],
  ['search.rungs', 'array'],
  ['validation.contexts', 'number'],
  ['validation.questions', 'number'],
  ['validation.rows', 'array'],
  ['provenance.createdAt', 'string'],
];
const ofWinner: Requirements = [
  ['params', 'object'],
  ['sparseConfig.maskers', 'array'],
  ['search.metrics', 'object'],
];

/** What earlier versions left out, and must be whole where it is there. */
const optional: Requirements = [
  ['methods', 'array'],
  ['validation.confidence', 'object'],
  ['validation.confidence.others', 'array'],
  ['validation.tasks', 'array'],
];

/**
 * Reads a winner's file.
 *
 * @throws {Error} with what is wrong, to be put after the file's name
 */
export function parseWinner(text: string): Winner {
  return parseRecord(text, 'winner', [...common, ...ofWinner]) as Winner;
}

/**
 * Reads a front's file.
 *
 * @throws {Error} with what is wrong, to be put after the file's name
 */
export function parseFront(text: string): Front {
  return parseRecord(text, 'front', [...common, ['rows', 'array']]) as Front;
}

function parseRecord(text: string, kind: string, required: Requirements): unknown {
  const value = parseJson(text);
  const version = at(value, 'key.schemaVersion');
  if (typeof version === 'number' && version > schemaVersion) {
    throw new Error(
      `a newer sparsetune wrote it (schema ${version}, this one reads ${schemaVersion})`,
    );
  }
  if (version !== schemaVersion) throw new Error(`it is no ${kind}`);
  checkShape(value, required);
  return value;
}

function checkShape(value: unknown, required: Requirements): void {
  const present = optional.filter(
    ([path]) => at(value, path.replace(/\.others$/, '')) !== undefined,
  );
  for (const [path, type] of [...required, ...present]) {
    const found = at(value, path);
    if (typeOf(found) !== type)
      throw new Error(`its ${path} is ${found === undefined ? 'missing' : `no ${type}`}`);
  }
  if (typeof at(value, 'key.task') !== 'string' && !isListOf(at(value, 'key.tasks'), 'string'))
    throw new Error('its key.task is missing');
  for (const path of ['validation.rows', 'rows']) {
    const rows = at(value, path);
    if (rows !== undefined && !(Array.isArray(rows) && rows.every(isRow)))
      throw new Error(`its ${path} are no rows of a validation`);
  }
  const isMethod = (method: unknown) => typeOf(at(method, 'front')) === 'array';
  if (![at(value, 'methods') ?? []].flat().every(isMethod))
    throw new Error('its methods have no front');
}

function isListOf(value: unknown, type: string): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((entry) => typeOf(entry) === type);
}

function isRow(row: unknown): boolean {
  const score = at(row, 'score');
  return (
    typeOf(at(row, 'label')) === 'string' &&
    typeOf(at(row, 'metrics.accuracy')) === 'number' &&
    (score === undefined || typeOf(score) === 'number')
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('it is damaged (no JSON)');
  }
}

function at(value: unknown, path: string): unknown {
  let found = value;
  for (const name of path.split('.')) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
