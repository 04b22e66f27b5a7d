import { createHash } from 'node:crypto';
import { SparseTuneError } from '../../errors.js';
import type { Split } from '../task.js';

/** Contexts that a search and a validation take at most: what they cost grows with each, what they tell does not. */
const most = { search: 8, validation: 16 } as const;
/** Every split has one. */
const fewest = 3;
const seed = 'splits 42';

/**
 * Deals contexts to the splits by the hash of their text, so that the same text always comes in the same place of the
 * order: few to search and validation, the rest to test. The three share nothing.
 *
 * @param texts - of the contexts, all different
 * @param what - names them in an error
 * @returns the indices of each split, ascending
 * @throws {SparseTuneError} `ERR_DATA` where there are fewer than three
 */
export function dealContexts(
  texts: readonly string[],
  what: string,
): Readonly<Record<Split, readonly number[]>> {
  const n = texts.length;
  if (n < fewest) {
    throw new SparseTuneError(
      'ERR_DATA',
      `${what} has ${n} different ${n === 1 ? 'context' : 'contexts'}, and at least ${fewest} are needed: one to search on, one to validate on and one to test on.`,
    );
  }
  const search = Math.min(most.search, Math.ceil(n / 6));
  const validation = Math.min(most.validation, Math.ceil(n / 3), n - search - 1);
  const order = texts
    .map((text, index) => ({ index, hash: hashOf(text) }))
    .sort((a, b) => (a.hash < b.hash ? -1 : 1))
    .map(({ index }) => index);
  const cut = (from: number, to: number) => order.slice(from, to).sort((a, b) => a - b);
  return {
    search: cut(0, search),
    validation: cut(search, search + validation),
    test: cut(search + validation, n),
  };
}

function hashOf(text: string): string {
  return createHash('sha256').update(seed).update('\0').update(text).digest('hex');
}
