import { createHash } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SparseTuneError } from '../errors.js';
import { sha256File, writeFileAtomic } from '../files.js';

/** What identifies a model file everywhere: its size in bytes and its SHA-256, as `<size>-<hash>`. */
export interface Fingerprint {
  readonly fingerprint: string;
  readonly bytes: number;
}

/** What a sidecar remembers, so that an unchanged file is hashed once. */
interface Sidecar {
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly sha256: string;
}

/**
 * Fingerprint of a GGUF file; of a split one (`...-00001-of-00003.gguf`), over all its parts. The hashes are kept
 * in the home folder and used again while path, size and time of the file stay the same.
 *
 * @throws {SparseTuneError} `ERR_MODEL_UNSUPPORTED` if a file is no GGUF, `ERR_DATA` if a part is missing
 */
export async function fingerprintModel(
  path: string,
  home: string,
  signal?: AbortSignal,
): Promise<Fingerprint> {
  const parts = modelParts(path);
  const hashes: string[] = [];
  let bytes = 0;
  for (const part of parts) {
    await checkMagic(part);
    const { sha256, size } = await hashOf(part, home, signal);
    hashes.push(sha256);
    bytes += size;
  }
  const [only = ''] = hashes;
  const hash =
    hashes.length === 1 ? only : createHash('sha256').update(hashes.join('\n')).digest('hex');
  return { fingerprint: `${bytes}-${hash}`, bytes };
}

/** All files of a model: the path itself, or every part of a split one. */
export function modelParts(path: string): string[] {
  const match = /^(.*)-\d{5}-of-(\d{5})\.gguf$/i.exec(path);
  if (match === null) return [path];
  const [, stem, count = ''] = match;
  return Array.from(
    { length: Number(count) },
    (_, index) => `${stem}-${String(index + 1).padStart(5, '0')}-of-${count}.gguf`,
  );
}

/** Remembers a hash that is known already, e.g. from a download that was checked. */
export async function rememberHash(path: string, home: string, sha256: string): Promise<void> {
  const { size, mtimeMs } = await stat(path);
  await writeSidecar({ path: resolve(path), size, mtimeMs, sha256 }, home);
}

async function hashOf(
  path: string,
  home: string,
  signal: AbortSignal | undefined,
): Promise<{ sha256: string; size: number }> {
  const { size, mtimeMs } = await stat(path);
  const known = await readSidecar(path, home);
  if (known !== undefined && known.size === size && known.mtimeMs === mtimeMs) return known;
  const sha256 = await sha256File(path, signal);
  const sidecar = { path: resolve(path), size, mtimeMs, sha256 };
  await writeSidecar(sidecar, home).catch(() => {}); // a home that cannot be written costs time, nothing else
  return { sha256, size };
}

async function checkMagic(path: string): Promise<void> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new SparseTuneError(
      'ERR_DATA',
      `Cannot read the model file ${path}: ${(cause as Error).message}`,
      { cause },
    );
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    if (bytesRead === 4 && buffer.toString('latin1') === 'GGUF') return;
  } finally {
    await file.close();
  }
  throw new SparseTuneError(
    'ERR_MODEL_UNSUPPORTED',
    `${path} is no GGUF file. Give --model a file that ends in .gguf.`,
  );
}

function sidecarPath(path: string, home: string): string {
  const name = createHash('sha256').update(resolve(path)).digest('hex').slice(0, 24);
  return join(home, 'models', '.hashes', `${name}.json`);
}

async function readSidecar(path: string, home: string): Promise<Sidecar | undefined> {
  let text: string;
  try {
    text = await readFile(sidecarPath(path, home), 'utf8');
  } catch {
    return undefined; // none yet: the file is hashed
  }
  return parseSidecar(text, resolve(path));
}

/** A sidecar that cannot be read is as good as none. */
function parseSidecar(text: string, path: string): Sidecar | undefined {
  try {
    const sidecar = JSON.parse(text) as Partial<Sidecar>;
    const isWhole = sidecar.path === path && /^[0-9a-f]{64}$/.test(sidecar.sha256 ?? '');
    return isWhole ? (sidecar as Sidecar) : undefined;
  } catch {
    return undefined;
  }
}

function writeSidecar(sidecar: Sidecar, home: string): Promise<void> {
  return writeFileAtomic(sidecarPath(sidecar.path, home), `${JSON.stringify(sidecar)}\n`);
}
