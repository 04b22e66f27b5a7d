import { readFile } from 'node:fs/promises';
import { SparseTuneError, StorageError } from '../errors.js';
import { writeFileAtomic } from '../files.js';
import { canonicalJson } from '../space/canonical-json.js';
import { validatedObjective } from './compare-winners.js';
import { type Front, frontFolder } from './front.js';
import { parseFront, parseWinner } from './parse-winner.js';
import { type KeyedRecord, winnerId } from './record-folder.js';
import type { Winner } from './winner.js';
import { WinnerCache } from './winner-cache.js';

/** Winners and fronts of a home folder in one file, to be taken to another. */
export interface Bundle {
  readonly bundle: 1;
  readonly winners: readonly Winner[];
  readonly fronts: readonly Front[];
}

/** What became of one record of a bundle. */
export interface Imported {
  readonly id: string;
  readonly key: Winner['key'];
  readonly outcome: 'added' | 'replaced' | 'known' | 'skipped';
  /** Why it was skipped or what it replaced, in words. */
  readonly reason?: string;
}

/** @throws {StorageError} `ERR_STORAGE` if the file cannot be written */
export async function writeBundle(path: string, records: Omit<Bundle, 'bundle'>): Promise<void> {
  const bundle: Bundle = { bundle: 1, ...records };
  try {
    await writeFileAtomic(path, `${JSON.stringify(bundle, null, 2)}\n`);
  } catch (cause) {
    throw new StorageError('ERR_STORAGE', `Could not write ${path}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/**
 * Reads a bundle with every record checked as if it had been read from the home folder.
 *
 * @throws {SparseTuneError} `ERR_ARGUMENT` naming the file and what is wrong with it
 */
export async function readBundle(path: string): Promise<Bundle> {
  try {
    return parseBundle(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    const message = `Cannot import ${path}: ${(cause as Error).message}`;
    throw new SparseTuneError('ERR_ARGUMENT', message, { cause });
  }
}

function parseBundle(value: unknown): Bundle {
  const { bundle, winners, fronts } = (value ?? {}) as Partial<Record<keyof Bundle, unknown>>;
  if (bundle !== 1 || !Array.isArray(winners) || !Array.isArray(fronts))
    throw new Error('it is no file of "sparsetune cache export"');
  return {
    bundle,
    winners: parseAll(winners, 'winners', parseWinner),
    fronts: parseAll(fronts, 'fronts', parseFront),
  };
}

function parseAll<T>(
  list: readonly unknown[],
  name: string,
  parse: (text: string) => T,
): readonly T[] {
  return list.map((record, i) => {
    try {
      return parse(JSON.stringify(record));
    } catch (cause) {
      throw new Error(`${name}[${i}]: ${(cause as Error).message}`, { cause });
    }
  });
}

/** Adds the records to a home folder. One that is there stays where it is better or newer. */
export async function importBundle(
  { winners, fronts }: Bundle,
  home: string,
  onWarning: (message: string) => void,
): Promise<readonly Imported[]> {
  const [ownWinners, ownFronts] = [
    new WinnerCache(home, { onWarning }),
    frontFolder(home, onWarning),
  ];
  const imported: Imported[] = [];
  for (const winner of winners) {
    const known = (await ownWinners.read(winner.key))?.winner;
    const verdict = compare(
      winner,
      known,
      known && validatedObjective(known) - validatedObjective(winner),
    );
    if (isTaken(verdict)) await ownWinners.write(winner);
    imported.push({ id: winnerId(winner.key), key: winner.key, ...verdict });
  }
  for (const front of fronts) {
    const known = (await ownFronts.read(front.key))?.record;
    const verdict = compare(front, known, 0);
    if (isTaken(verdict)) await ownFronts.write(front);
    imported.push({ id: winnerId(front.key), key: front.key, ...verdict });
  }
  return imported;
}

type Verdict = Pick<Imported, 'outcome' | 'reason'>;

/** @param gain - by how much the new one is better */
function compare(record: KeyedRecord, known: KeyedRecord | undefined, gain = 0): Verdict {
  if (known === undefined) return { outcome: 'added' };
  if (canonicalJson(known) === canonicalJson(record)) return { outcome: 'known' };
  const [own, other] = [known, record].map(({ provenance }) => provenance.createdAt);
  if (gain < 0) return { outcome: 'skipped', reason: 'the one that is here is better' };
  if ((own ?? '') > (other ?? ''))
    return { outcome: 'skipped', reason: 'the one that is here is newer' };
  return { outcome: 'replaced', reason: `the one of ${own} that was here` };
}

function isTaken({ outcome }: Verdict): boolean {
  return outcome === 'added' || outcome === 'replaced';
}
