import { datasetInfo, HubApiError, listFiles } from '@huggingface/hub';
import { SparseTuneError } from '../errors.js';
import type { HubAccess } from './access.js';
import type { RemoteFile } from './download.js';

/** A repository at a branch, tag or commit. */
export type Repository = Pick<RemoteFile, 'type' | 'repo' | 'revision'>;

/**
 * Every file of a repository with the size and hash that it must have.
 *
 * @throws {SparseTuneError} `ERR_DATA` where it cannot be listed, with the cure
 */
export async function listRemote(
  { type, repo, revision }: Repository,
  access: HubAccess,
): Promise<RemoteFile[]> {
  const files: RemoteFile[] = [];
  const listing = listFiles({ repo: { type, name: repo }, revision, recursive: true, ...access });
  try {
    for await (const { type: kind, path, size, oid, lfs } of listing) {
      if (kind !== 'file') continue;
      const file = { type, repo, revision, path };
      if (lfs !== undefined) {
        const hex = lfs.oid.replace(/^sha256:/, '');
        files.push({ ...file, bytes: lfs.size, hash: { kind: 'sha256', hex } });
      } else if (oid !== undefined) {
        files.push({ ...file, bytes: size, hash: { kind: 'git', hex: oid } });
      }
    }
  } catch (cause) {
    throw unreachable(`list ${repo}@${revision}`, cause);
  }
  return files;
}

/**
 * The commit that a branch or tag of a data set is at.
 *
 * @throws {SparseTuneError} `ERR_DATA` where the hub does not say
 */
export async function commitOf(repo: string, revision: string, access: HubAccess): Promise<string> {
  let sha: string | undefined;
  try {
    ({ sha } = await datasetInfo({ name: repo, revision, additionalFields: ['sha'], ...access }));
  } catch (cause) {
    throw unreachable(`look up ${repo}@${revision}`, cause);
  }
  if (/^[0-9a-f]{40}$/.test(sha ?? '')) return sha as string;
  throw new SparseTuneError('ERR_DATA', `The hub names no commit of ${repo}@${revision}.`);
}

function unreachable(what: string, cause: unknown): SparseTuneError {
  return new SparseTuneError('ERR_DATA', `Could not ${what}: ${reason(cause)}`, { cause });
}

function reason(cause: unknown): string {
  const { message } = cause as Error;
  if (!(cause instanceof HubApiError))
    return `${message}. Is the network there? HF_ENDPOINT names another hub.`;
  if (cause.statusCode === 401 || cause.statusCode === 403) {
    return `the hub refused (${cause.statusCode}). Set HF_TOKEN to a token that may read it.`;
  }
  return cause.statusCode === 404 ? 'no such repository or revision.' : message;
}
