import type { Winner } from './winner.js';

const schemaVersion = 1;

/** What must be there, by path, for the rest of the program to use a winner without asking again. */
const required: readonly (readonly [
  path: string,
  type: 'string' | 'number' | 'object' | 'array',
])[] = [
  ['key.modelFingerprint', 'string'],
  ['key.config', 'string'],
  ['key.objective', 'string'],
  ['key.spaceHash', 'string'],
  ['params', 'object'],
  ['sparseConfig.maskers', 'array'],
  ['search.metrics', 'object'],
  ['search.trials', 'number'],
  ['validation.rows', 'array'],
  ['provenance.createdAt', 'string'],
];

/**
 * Reads a winner's file.
 *
 * @throws {Error} with what is wrong, to be put after the file's name
 */
export function parseWinner(text: string): Winner {
  const value = parseJson(text);
  const version = at(value, 'key.schemaVersion');
  if (typeof version === 'number' && version > schemaVersion) {
    throw new Error(
      `a newer sparsetune wrote it (schema ${version}, this one reads ${schemaVersion})`,
    );
  }
  if (version !== schemaVersion) throw new Error('it is no winner');
  for (const [path, type] of required) {
    const found = at(value, path);
    if (typeOf(found) !== type)
      throw new Error(`its ${path} is ${found === undefined ? 'missing' : `no ${type}`}`);
  }
  if (typeof at(value, 'key.task') !== 'string' && !Array.isArray(at(value, 'key.tasks')))
    throw new Error('its key.task is missing');
  return value as Winner;
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
