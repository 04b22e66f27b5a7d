import { randomUUID } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { StorageError } from '../errors.js';

interface Owner {
  readonly pid: number;
  readonly host: string;
  /** Tells a process from a later one with the same number, where the system says it. */
  readonly started: string;
  /** Tells two holders within one process apart. */
  readonly id: string;
}

/** Wait while another removes a dead owner's lock. */
const pauseMs = 2;

/** Locks of this process. */
const held = new Set<string>();

/** How the refusal calls what is locked, and what a user can do about it. */
export interface LockWords {
  readonly what: string;
  readonly cure: string;
}

const wordsOfStudy: LockWords = {
  what: 'The study',
  cure: 'wait until it ends, stop it, or use another study name',
};

/**
 * Takes the lock file at `path`, so that one process writes.
 *
 * The lock of a process that has ended, even by SIGKILL, is taken over. A lock from another host cannot be checked and
 * counts as held.
 *
 * @returns what gives the lock back
 * @throws {StorageError} `ERR_STUDY_LOCKED`, naming the process that holds it
 */
export async function takeLock(
  path: string,
  words: LockWords = wordsOfStudy,
): Promise<() => Promise<void>> {
  const owner: Owner = {
    pid: process.pid,
    host: hostname(),
    started: await startOf(process.pid),
    id: randomUUID(),
  };
  const draft = `${path}.${owner.id}`;
  held.add(owner.id); // before the lock can be seen: others of this process must find it alive
  try {
    await writeFile(draft, JSON.stringify(owner)).catch((cause: unknown) => {
      throw lockError(`Cannot create the lock ${path}`, cause);
    });
    while (!(await tryLink(draft, path))) {
      const other = await readOwner(path);
      if (other !== undefined && (await isAlive(other))) throw locked(path, other, words);
      if (other !== undefined) await removeStale(path, other, draft);
    }
  } catch (cause) {
    held.delete(owner.id);
    throw cause;
  } finally {
    await rm(draft, { force: true }).catch(() => {}); // the folder itself may be the trouble
  }
  return async () => {
    held.delete(owner.id);
    if ((await readOwner(path))?.id === owner.id) await rm(path, { force: true });
  };
}

/** The process that holds the lock now, or undefined. */
export async function lockHolder(path: string): Promise<number | undefined> {
  const owner = await readOwner(path);
  return owner !== undefined && (await isAlive(owner)) ? owner.pid : undefined;
}

function lockError(message: string, cause: unknown): StorageError {
  const reason = (cause as Error).message;
  return new StorageError('ERR_STORAGE', `${message}: ${reason}`, { cause });
}

/** A link appears with its content or not at all. */
async function tryLink(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return false;
    throw lockError(`Cannot create the lock ${path}`, cause);
  }
}

/**
 * Removes the lock of a dead owner. Of several that find it only one may: the one whose link to a guard named after the
 * dead owner succeeds. It looks again under the guard, so that a lock taken meanwhile by somebody else is left alone.
 * The guard of a process that died under it is removed in the same way.
 */
async function removeStale(path: string, dead: Owner, draft: string): Promise<void> {
  const guard = `${path}.gone-${dead.id}`;
  if (await tryLink(draft, guard)) {
    try {
      if ((await readOwner(path))?.id === dead.id) await rm(path, { force: true });
    } finally {
      await rm(guard, { force: true });
    }
    return;
  }
  const other = await readOwner(guard);
  if (other !== undefined && !(await isAlive(other))) await removeStale(guard, other, draft);
  else await setTimeout(pauseMs);
}

function locked(path: string, { pid, host }: Owner, { what, ...words }: LockWords): StorageError {
  const place = host === hostname() ? '' : ` on ${host}`;
  const cure = host === hostname() ? words.cure : `if it has ended, delete ${path}`;
  return new StorageError(
    'ERR_STUDY_LOCKED',
    `${what} is in use by process ${pid}${place}; ${cure}`,
  );
}

async function isAlive({ pid, host, started, id }: Owner): Promise<boolean> {
  if (host !== hostname()) return true;
  if (pid <= 0) return false; // what is written there is no owner
  if (pid === process.pid) return held.has(id);
  try {
    process.kill(pid, 0);
  } catch (cause) {
    if (codeOf(cause) === 'ESRCH') return false;
  }
  return started === '' || started === (await startOf(pid));
}

async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Owner;
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    if (cause instanceof SyntaxError)
      return { pid: 0, host: hostname(), started: '', id: 'unreadable' };
    throw lockError(`Cannot read the lock ${path}`, cause);
  }
}

/** Start time of a process in clock ticks since boot, from Linux's /proc; empty elsewhere. */
async function startOf(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return ''; // no /proc: then the process number alone decides
  }
}

function codeOf(cause: unknown): unknown {
  return (cause as { code?: unknown }).code;
}
