import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { setTimeout as sleep } from 'node:timers/promises';
import { downloadFile, HubApiError } from '@huggingface/hub';
import { SparseTuneError } from '../errors.js';
import { gitHashFile, sha256File } from '../files.js';
import type { HubAccess } from './access.js';

/** How far a download is. */
export interface DownloadProgress {
  readonly file: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** One file of a repository with the hash it must have. */
export interface RemoteFile {
  readonly type: 'model' | 'dataset';
  /** `owner/name`. */
  readonly repo: string;
  readonly revision: string;
  readonly path: string;
  readonly bytes: number;
  readonly hash: FileHash;
}

/** What the hub knows of a file: SHA-256 of a large one, the id of Git's object of a small one. */
export interface FileHash {
  readonly kind: 'sha256' | 'git';
  readonly hex: string;
}

export interface DownloadOptions {
  readonly access: HubAccess;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Wait before the first new try; doubles each time. Default 1000. */
  readonly retryDelayMs?: number | undefined;
}

/** Tries in a row that may fail without a byte of progress. */
const maxTries = 5;

/**
 * Downloads a file to `target`: goes on where an earlier try stopped, checks size and hash, and only then gives
 * the file its name. What is unfinished lies beside it as `<target>.<hash>.part`.
 *
 * @throws {SparseTuneError} `ERR_DATA` if the disk is too small, the network fails for good, or the hash is wrong
 */
export async function download(
  remote: RemoteFile,
  target: string,
  options: DownloadOptions,
): Promise<void> {
  const part = `${target}.${remote.hash.hex.slice(0, 12)}.part`;
  await mkdir(dirname(target), { recursive: true });
  await checkSpace(remote, target, await usableBytes(part, remote.bytes));
  await fetchAll(remote, part, options);
  const { kind, hex } = remote.hash;
  const found = await (kind === 'git' ? gitHashFile : sha256File)(part, options.signal);
  if (found !== hex) {
    await rm(part);
    throw new SparseTuneError(
      'ERR_DATA',
      `${remote.path} of ${remote.repo} has ${kind === 'git' ? 'Git object id' : 'SHA-256'} ${found}, but the hub lists ${hex}. Nothing was kept; try again.`,
    );
  }
  await rename(part, target);
}

async function fetchAll(remote: RemoteFile, part: string, options: DownloadOptions): Promise<void> {
  let failures = 0;
  for (;;) {
    const offset = await usableBytes(part, remote.bytes);
    if (offset === remote.bytes) return;
    try {
      await appendRest(remote, part, offset, options);
    } catch (cause) {
      options.signal?.throwIfAborted();
      const hasMoved = (await usableBytes(part, remote.bytes)) > offset;
      failures = hasMoved ? 1 : failures + 1;
      if (isFinal(cause) || failures >= maxTries) throw lost(remote, part, cause);
      const delayMs = (options.retryDelayMs ?? 1000) * 2 ** (failures - 1);
      await sleep(delayMs, undefined, options.signal && { signal: options.signal });
    }
  }
}

async function appendRest(
  remote: RemoteFile,
  part: string,
  offset: number,
  { access, onProgress, signal }: DownloadOptions,
): Promise<void> {
  const { type, repo: name, revision, path } = remote;
  const blob = await downloadFile({ repo: { type, name }, revision, path, xet: false, ...access });
  if (blob?.size !== remote.bytes) {
    throw new Error(`the hub offers ${blob?.size ?? 'no'} bytes, but lists ${remote.bytes}`);
  }
  let doneBytes = offset;
  const count = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      doneBytes += chunk.byteLength;
      yield chunk;
      onProgress?.({ file: path, doneBytes, totalBytes: remote.bytes });
    }
  };
  const rest = Readable.fromWeb(blob.slice(offset, blob.size).stream() as ReadableStream);
  await pipeline(rest, count, createWriteStream(part, { flags: 'a' }), signal ? { signal } : {});
}

/** Bytes of an earlier try; one that is too long was damaged and starts again. */
async function usableBytes(part: string, bytes: number): Promise<number> {
  const size = await stat(part).then(
    (found) => found.size,
    () => 0,
  );
  if (size <= bytes) return size;
  await rm(part);
  return 0;
}

async function checkSpace(remote: RemoteFile, target: string, have: number): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(target));
  const missing = remote.bytes - have;
  if (bavail * bsize >= missing) return;
  throw new SparseTuneError(
    'ERR_DATA',
    `${remote.path} needs ${gigabytes(missing)} more in ${dirname(target)}, but only ${gigabytes(bavail * bsize)} are free. Free some, or give another folder with --home.`,
  );
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

/** The hub's answers that ask for patience: a request that took too long, and too many of them. */
const patienceCodes = [408, 429];

/** Whether another try is pointless: the hub said no. */
function isFinal(cause: unknown): boolean {
  if (!(cause instanceof HubApiError)) return false;
  const { statusCode } = cause;
  return statusCode >= 400 && statusCode < 500 && !patienceCodes.includes(statusCode);
}

function lost(remote: RemoteFile, part: string, cause: unknown): SparseTuneError {
  return new SparseTuneError(
    'ERR_DATA',
    `Could not download ${remote.path} of ${remote.repo}: ${(cause as Error).message}. What came so far is in ${part}; run the same command to go on.`,
    { cause },
  );
}
