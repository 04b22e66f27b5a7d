import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { StorageError } from '../errors.js';

interface Owner {
  readonly pid: number;
  readonly host: string;
  /** Tells a process from a later one with the same number, where the system says it. */
  readonly started: string;
  /** Tells two holders within one process apart. */
  readonly id: string;
}

/** Locks of this process. */
const held = new Set<string>();

/**
 * Takes the lock file at `path`, so that one process writes.
 *
 * The lock of a process that has ended, even by SIGKILL, is taken over. A lock from another host cannot be checked and
 * counts as held.
 *
 * @returns what gives the lock back
 * @throws {StorageError} `ERR_STUDY_LOCKED`, naming the process that holds it
 */
export async function takeLock(path: string): Promise<() => Promise<void>> {
  const owner: Owner = {
    pid: process.pid,
    host: hostname(),
    started: await startOf(process.pid),
    id: randomUUID(),
  };
  const draft = `${path}.${owner.id}`;
  await writeFile(draft, JSON.stringify(owner));
  try {
    while (!(await tryLink(draft, path))) await removeStale(path, owner);
  } finally {
    await rm(draft, { force: true });
  }
  held.add(owner.id);
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

/** A link appears with its content or not at all. */
async function tryLink(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return false;
    throw new StorageError('ERR_STORAGE', `Cannot create the lock ${path}`, { cause });
  }
}

/** Moves a dead process's lock away; if the file moved was not that one, it is put back. */
async function removeStale(path: string, self: Owner): Promise<void> {
  const owner = await readOwner(path);
  if (owner !== undefined && (await isAlive(owner))) throw locked(path, owner);
  const moved = `${path}.stale.${self.id}`;
  try {
    await rename(path, moved);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return;
    throw new StorageError('ERR_STORAGE', `Cannot remove the stale lock ${path}`, { cause });
  }
  const found = await readOwner(moved);
  if (found?.id !== owner?.id) await tryLink(moved, path);
  await rm(moved, { force: true });
}

function locked(path: string, { pid, host }: Owner): StorageError {
  const place = host === hostname() ? '' : ` on ${host}`;
  const cure =
    host === hostname()
      ? 'wait until it ends, stop it, or use another study name'
      : `if it has ended, delete ${path}`;
  return new StorageError(
    'ERR_STUDY_LOCKED',
    `The study is in use by process ${pid}${place}; ${cure}`,
  );
}

async function isAlive({ pid, host, started, id }: Owner): Promise<boolean> {
  if (host !== hostname()) return true;
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
    if (codeOf(cause) === 'ENOENT' || cause instanceof SyntaxError) return undefined;
    throw new StorageError('ERR_STORAGE', `Cannot read the lock ${path}`, { cause });
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
