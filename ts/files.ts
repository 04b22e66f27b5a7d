import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

let written = 0;

/** A text as editors save it, without the mark that some put before it. */
export function withoutByteOrderMark(text: string): string {
  return text.startsWith('\u{feff}') ? text.slice(1) : text;
}

/** Writes a whole file so that a reader sees the old content or the new, never a part; makes its folder. */
export async function writeFileAtomic(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}-${written++}.tmp`;
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {}); // the folder itself may be the trouble
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Makes a rename last over a power failure, where the system can open a folder. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/**
 * SHA-256 of a file as hex, in one pass that keeps no more than a megabyte in memory.
 *
 * @throws the signal's reason where it is aborted
 */
export async function sha256File(path: string, signal?: AbortSignal): Promise<string> {
  return digest(createHash('sha256'), path, signal);
}

/** Id of the object that Git makes of a file: the SHA-1 of its length and content. */
export async function gitHashFile(path: string, signal?: AbortSignal): Promise<string> {
  const { size } = await stat(path);
  return digest(createHash('sha1').update(`blob ${size}\0`), path, signal);
}

async function digest(hash: Hash, path: string, signal?: AbortSignal): Promise<string> {
  const stream = createReadStream(path, { highWaterMark: 1 << 20, ...(signal && { signal }) });
  try {
    for await (const chunk of stream) hash.update(chunk as Buffer);
  } catch (error) {
    signal?.throwIfAborted(); // the stream gives its own error in place of the signal's reason
    throw error;
  }
  return hash.digest('hex');
}

/** The `code` of a system error such as `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}
