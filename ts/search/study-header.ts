import { StorageError } from '../errors.js';
import { canonicalJson } from '../space/canonical-json.js';
import type { StudyHeader } from './storage.js';

/** The parts of a header that may not change, and how a user calls them. */
const IDENTITY = [
  ['spaceHash', 'search space'],
  ['objective', 'objective'],
  ['sampler', 'sampler or seed'],
  ['scheduler', 'scheduler'],
  ['metadata', 'metadata'],
] as const;

/**
 * Compares what a stored study was started with to what is wanted now.
 *
 * @throws {StorageError} `ERR_STORAGE` naming each difference
 */
export function rejectDifferences(stored: StudyHeader, wanted: StudyHeader): void {
  const differences = IDENTITY.filter(
    ([key]) => canonicalJson(stored[key]) !== canonicalJson(wanted[key]),
  ).map(
    ([key, label]) =>
      `${label} ${canonicalJson(stored[key])} there, ${canonicalJson(wanted[key])} here`,
  );
  if (differences.length === 0) return;
  throw new StorageError(
    'ERR_STORAGE',
    `Study ${stored.name} was started differently: ${differences.join('; ')}. Use another name or the same settings`,
  );
}
