import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SparseTuneError } from '../../errors.js';
import { errorCode, sha256File, writeFileAtomic } from '../../files.js';
import { homeFolders } from '../../home.js';
import { type HubAccess, hubAccess, isOffline } from '../../hub/access.js';
import { type DownloadOptions, download } from '../../hub/download.js';
import { commitOf, listRemote } from '../../hub/list.js';
import { findDataFiles, type WantedFiles } from './find-files.js';

/** A data set of the hub. */
export interface HubDataSet {
  /** `owner/name`. */
  readonly repo: string;
  /** Commit that is read; `main` where none is known: that of the first download is then kept to. */
  readonly revision: string;
}

/** What data to find, and where to look for it. */
export interface DataRequest {
  /** Of messages, and the name of the folder that holds only this benchmark's data. */
  readonly benchmark: string;
  readonly wanted: WantedFiles;
  /** Files that a folder may have, in words. Default: those of `wanted`. */
  readonly expected?: string | undefined;
  /** The data sets that have it, the best first. */
  readonly sets: readonly HubDataSet[];
  /** A folder with the data, in place of the hub. */
  readonly folder: string | undefined;
  readonly home: string;
}

export interface DataOptions
  extends Pick<DownloadOptions, 'onProgress' | 'signal' | 'retryDelayMs'> {
  /** Default: the process's own. */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/** Files on this machine with what names their content. */
export interface DataFiles {
  readonly paths: readonly string[];
  /** `owner/name@commit`, or `sha256:` and the first 16 hex digits of a folder's files. */
  readonly origin: string;
}

/**
 * The files of a task: of the user's folder, else of the home folder, else downloaded there from the hub.
 *
 * @throws {SparseTuneError} `ERR_DATA` with the cure where they are nowhere; the signal's reason where it is aborted
 */
export async function findData(request: DataRequest, options: DataOptions): Promise<DataFiles> {
  return request.folder === undefined
    ? hubData(request, options)
    : folderData(request, request.folder, options.signal);
}

async function folderData(
  { benchmark, wanted, expected = expectedFiles(wanted) }: DataRequest,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<DataFiles> {
  if (!(await isFolder(folder)))
    throw new SparseTuneError('ERR_DATA', `--data ${folder} is no folder.`);
  const own = join(folder, benchmark);
  const base = (await isFolder(own)) ? own : folder;
  const paths = findDataFiles(await filesBelow(base), wanted).map((path) => join(base, path));
  if (paths.length === 0) {
    throw new SparseTuneError(
      'ERR_DATA',
      `--data ${folder} has no data of ${benchmark}: expected ${expected} in it or in ${benchmark}/.`,
    );
  }
  const hash = createHash('sha256');
  for (const path of paths) hash.update(await sha256File(path, signal));
  return { paths, origin: `sha256:${hash.digest('hex').slice(0, 16)}` };
}

function expectedFiles({ names: [name = ''] }: WantedFiles): string {
  return `${name}/test-*.parquet, ${name}.parquet, ${name}.jsonl or ${name}.json`;
}

async function hubData(request: DataRequest, options: DataOptions): Promise<DataFiles> {
  const env = options.env ?? process.env;
  const access = hubAccess(env);
  for (const set of request.sets) {
    const root = join(homeFolders(request.home).datasets, set.repo);
    const known = set.revision === 'main' ? await readCommit(root) : set.revision;
    const kept = known && (await keptData(root, set.repo, known, request.wanted));
    if (kept) return kept;
    if (isOffline(env)) continue;
    const commit = known ?? (await chooseCommit(root, set, access));
    const files = await downloadData(root, { ...set, revision: commit }, request, {
      ...options,
      access,
    });
    if (files !== undefined) return files;
  }
  const [name = ''] = request.wanted.names;
  const repos = request.sets.map(({ repo }) => repo).join(', ');
  throw new SparseTuneError(
    'ERR_DATA',
    isOffline(env)
      ? `The data of ${request.benchmark} (${name}) are not in ${homeFolders(request.home).datasets}, and HF_HUB_OFFLINE forbids a download. Unset it, or give a folder with --data.`
      : `There are no data of ${request.benchmark} (${name}) in ${repos}. Give a folder with --data.`,
  );
}

/** Files that were downloaded earlier. */
async function keptData(
  root: string,
  repo: string,
  commit: string,
  wanted: WantedFiles,
): Promise<DataFiles | undefined> {
  const folder = join(root, commit);
  const found = findDataFiles(await filesBelow(folder), wanted);
  if (found.length === 0) return undefined;
  return { paths: found.map((path) => join(folder, path)), origin: `${repo}@${commit}` };
}

async function downloadData(
  root: string,
  { repo, revision }: HubDataSet,
  { wanted }: DataRequest,
  options: DownloadOptions,
): Promise<DataFiles | undefined> {
  const listing = await listRemote({ type: 'dataset', repo, revision }, options.access);
  const found = findDataFiles(
    listing.map(({ path }) => path),
    wanted,
  );
  if (found.length === 0) return undefined;
  for (const remote of listing.filter(({ path }) => found.includes(path))) {
    const target = join(root, revision, remote.path);
    if (!existsSync(target)) await download(remote, target, options);
  }
  return keptData(root, repo, revision, wanted);
}

const commitFile = 'commit.json';

/** The commit that `main` was at when the first file of a data set was downloaded. */
async function readCommit(root: string): Promise<string | undefined> {
  try {
    const { main } = JSON.parse(await readFile(join(root, commitFile), 'utf8')) as {
      main?: unknown;
    };
    return typeof main === 'string' && /^[0-9a-f]{40}$/.test(main) ? main : undefined;
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function chooseCommit(root: string, set: HubDataSet, access: HubAccess): Promise<string> {
  const commit = await commitOf(set.repo, set.revision, access);
  await writeFileAtomic(join(root, commitFile), `${JSON.stringify({ main: commit })}\n`);
  return commit;
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Depth to which folders are looked into. */
const maxDepth = 4;

async function filesBelow(folder: string, depth = 1): Promise<string[]> {
  if (!(await isFolder(folder))) return [];
  const paths: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory() && depth < maxDepth) {
      const below = await filesBelow(join(folder, entry.name), depth + 1);
      paths.push(...below.map((path) => `${entry.name}/${path}`));
    } else if (!entry.isDirectory()) paths.push(entry.name);
  }
  return paths;
}
