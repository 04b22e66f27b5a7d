import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { crc32 } from 'node:zlib';

/** What a snapshot is of; equal keys have equal K and V. */
export interface SnapshotKey {
  /** Of the model file. */
  readonly fingerprint: string;
  readonly kvType: 'f16';
  /** The llama.cpp build that computed it. */
  readonly llamaCpp: string;
  readonly tokens: Int32Array;
}

interface Header {
  readonly format: 1;
  readonly fingerprint: string;
  readonly kvType: string;
  readonly llamaCpp: string;
  readonly tokensSha256: string;
  readonly nTokens: number;
  readonly payloadBytes: number;
  readonly payloadCrc32: number;
}

const magic = 'STKVSNAP';
const alignment = 4096;
const pieceBytes = 4 << 20;
const abandonedMs = 60 * 60 * 1000;

/**
 * KV snapshots on disk, one file each: `STKVSNAP`, the length of a JSON header, the header, padding to 4096 bytes,
 * the payload. Files appear by rename, whole or not at all, and are checked by CRC-32 when read; a damaged one is
 * removed and counts as absent. Beyond the limit the least recently used go first. Several processes may share it.
 */
export class SnapshotStore {
  readonly folder: string;
  readonly #limitBytes: number;
  readonly #warn: (message: string) => void;

  /**
   * @param options.limitBytes - of all snapshots together; default 20 GB; 0 keeps none on disk
   * @param options.onWarning - told of damage and of a full disk, neither of which stops the work
   */
  constructor(
    folder: string,
    options: { limitBytes?: number; onWarning?: (message: string) => void } = {},
  ) {
    this.folder = folder;
    this.#limitBytes = options.limitBytes ?? 20e9;
    this.#warn = options.onWarning ?? (() => undefined);
  }

  path(key: SnapshotKey): string {
    const { tokens, ...rest } = key;
    const name = createHash('sha256').update(JSON.stringify(rest)).update(hashTokens(tokens));
    return join(this.folder, `${name.digest('hex').slice(0, 32)}.kv`);
  }

  /** Whether a file is there, without a look at what is in it. */
  has(key: SnapshotKey): Promise<boolean> {
    return stat(this.path(key)).then(
      () => true,
      () => false,
    );
  }

  /** The payload, or undefined where it is not stored (or no longer whole). */
  async read(key: SnapshotKey): Promise<Uint8Array | undefined> {
    const path = this.path(key);
    const file = await openIfThere(path);
    if (file === undefined) return undefined;
    try {
      const payload = await readPayload(file, key);
      const now = new Date();
      await utimes(path, now, now).catch(() => undefined); // evicted meanwhile, or another user's
      return payload;
    } catch (error) {
      if (!(error instanceof DamageError)) {
        this.#warn(`Could not read the snapshot ${path}: ${(error as Error).message}`);
        return undefined;
      }
      this.#warn(`Removed the damaged snapshot ${path}: ${error.message}`);
      await rm(path, { force: true });
      return undefined;
    } finally {
      await file.close();
    }
  }

  /** Stores a payload. A failure (a full disk) is reported through onWarning: the work can go on without it. */
  async write(key: SnapshotKey, payload: Uint8Array): Promise<void> {
    if (payload.byteLength > this.#limitBytes) return;
    const path = this.path(key);
    const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
    try {
      await mkdir(this.folder, { recursive: true });
      await this.#evict(payload.byteLength);
      await writeFile(temporary, key, payload);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined); // the folder itself may be the trouble
      this.#warn(
        `Could not store a snapshot in ${this.folder}: ${(error as Error).message}. Free some space or lower --snapshot-limit.`,
      );
    }
  }

  /** Makes room for `bytes` more; also clears away what a killed process left half written. */
  async #evict(bytes: number): Promise<void> {
    const files = await this.#files();
    const now = Date.now();
    for (const file of files.filter(({ name }) => name.endsWith('.tmp'))) {
      if (now - file.usedMs > abandonedMs) await rm(file.path, { force: true });
    }
    const snapshots = files.filter(({ name }) => name.endsWith('.kv'));
    let total = snapshots.reduce((sum, file) => sum + file.bytes, bytes);
    for (const file of snapshots.sort((a, b) => a.usedMs - b.usedMs)) {
      if (total <= this.#limitBytes) break;
      await rm(file.path, { force: true });
      total -= file.bytes;
    }
  }

  async #files(): Promise<{ name: string; path: string; bytes: number; usedMs: number }[]> {
    const names = await readdir(this.folder);
    const files = await Promise.all(
      names.map(async (name) => {
        const path = join(this.folder, name);
        const stats = await stat(path).catch(() => undefined); // another process may have removed it
        return stats && { name, path, bytes: stats.size, usedMs: stats.mtimeMs };
      }),
    );
    return files.filter((file) => file !== undefined);
  }
}

/** SHA-256 of token ids. */
export function hashTokens(tokens: Int32Array): string {
  const bytes = new Uint8Array(tokens.buffer, tokens.byteOffset, tokens.byteLength);
  return createHash('sha256').update(bytes).digest('hex');
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function writeFile(path: string, key: SnapshotKey, payload: Uint8Array): Promise<void> {
  const header: Header = {
    format: 1,
    fingerprint: key.fingerprint,
    kvType: key.kvType,
    llamaCpp: key.llamaCpp,
    tokensSha256: hashTokens(key.tokens),
    nTokens: key.tokens.length,
    payloadBytes: payload.byteLength,
    payloadCrc32: await checksum(payload),
  };
  const file = await open(path, 'wx');
  try {
    await file.writev([encodeHeader(header)]);
    for (const piece of pieces(payload)) await file.writev([piece]);
    await file.sync();
  } finally {
    await file.close();
  }
}

function encodeHeader(header: Header): Buffer {
  const text = Buffer.from(JSON.stringify(header));
  const start = Buffer.alloc(
    Math.ceil((magic.length + 4 + text.length) / alignment) * alignment,
    ' ',
  );
  start.write(magic, 'latin1');
  start.writeUInt32LE(text.length, magic.length);
  text.copy(start, magic.length + 4);
  return start;
}

async function readPayload(file: FileHandle, key: SnapshotKey): Promise<Uint8Array> {
  const start = Buffer.alloc(alignment);
  await file.read(start, 0, alignment, 0);
  if (start.toString('latin1', 0, magic.length) !== magic)
    throw new DamageError('it is no snapshot');
  const textBytes = start.readUInt32LE(magic.length);
  const header = parseHeader(
    start.toString('utf8', magic.length + 4, magic.length + 4 + textBytes),
  );
  if (header.format !== 1 || header.tokensSha256 !== hashTokens(key.tokens)) {
    throw new DamageError('it is of another format or prompt');
  }
  const payload = Buffer.allocUnsafeSlow(header.payloadBytes);
  let done = 0;
  while (done < payload.length) {
    const length = Math.min(pieceBytes, payload.length - done);
    const { bytesRead } = await file.read(payload, done, length, alignment + done);
    if (bytesRead === 0) throw new DamageError('it is cut short');
    done += bytesRead;
  }
  if ((await checksum(payload)) !== header.payloadCrc32)
    throw new DamageError('its checksum is wrong');
  return payload;
}

function parseHeader(text: string): Header {
  try {
    return JSON.parse(text) as Header;
  } catch (cause) {
    throw new DamageError('its header cannot be read', { cause });
  }
}

/** What is on disk is not what was written; unlike a failure to read it. */
class DamageError extends Error {}

/** CRC-32, with a turn of the event loop between pieces. */
async function checksum(payload: Uint8Array): Promise<number> {
  let value = 0;
  for (const piece of pieces(payload)) {
    value = crc32(piece, value);
    await nextTurn();
  }
  return value;
}

function* pieces(payload: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < payload.byteLength; from += pieceBytes) {
    yield payload.subarray(from, from + pieceBytes);
  }
}
