import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SparseTuneError } from '../errors.js';
import { type HubAccess, hubAccess, isOffline } from '../hub/access.js';
import { type DownloadOptions, download, type RemoteFile } from '../hub/download.js';
import { listRemote } from '../hub/list.js';
import { didYouMean } from '../space/nearest.js';
import { modelParts, rememberHash } from './fingerprint.js';
import { filesOfQuantisation, type HubUri } from './hub-uri.js';

export interface HubOptions {
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress?: DownloadOptions['onProgress'];
  readonly signal?: AbortSignal | undefined;
  readonly retryDelayMs?: number | undefined;
}

/**
 * Path of a model of the hub, downloaded where it is not here yet. A file that is here is used as it is: the hub is
 * not asked whether its branch has moved on.
 *
 * @throws {SparseTuneError} `ERR_DATA` where it is neither here nor to be had
 */
export async function hubModel(uri: HubUri, options: HubOptions): Promise<string> {
  const folder = join(options.home, 'models', 'hf', uri.repo, encodeURIComponent(uri.revision));
  const local = await findLocal(uri, folder);
  if (local !== undefined) return local;
  if (isOffline(options.env)) {
    throw new SparseTuneError(
      'ERR_DATA',
      `${describe(uri)} is not in ${folder}, and HF_HUB_OFFLINE forbids a download. Unset it, or give the path of a GGUF file.`,
    );
  }
  const access = hubAccess(options.env);
  const files = choose(uri, await listModels(uri, access));
  for (const file of files) {
    const target = join(folder, file.path);
    if (existsSync(target)) continue;
    await download(file, target, { access, ...options });
    await rememberHash(target, options.home, file.hash.hex);
  }
  return join(folder, (files[0] as RemoteFile).path);
}

async function findLocal(uri: HubUri, folder: string): Promise<string | undefined> {
  const paths =
    uri.file === undefined
      ? filesOfQuantisation(await filesBelow(folder), uri.quantisation ?? '')
      : [uri.file];
  const [first] = paths.map((path) => join(folder, path));
  return first !== undefined && modelParts(first).every((part) => existsSync(part))
    ? first
    : undefined;
}

async function filesBelow(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return [];
  return (await readdir(folder, { recursive: true })).map((path) => path.replaceAll('\\', '/'));
}

/** Every GGUF file of the repository whose SHA-256 the hub knows. */
async function listModels({ repo, revision }: HubUri, access: HubAccess): Promise<RemoteFile[]> {
  const files = await listRemote({ type: 'model', repo, revision }, access);
  return files.filter(
    ({ path, hash }) => path.toLowerCase().endsWith('.gguf') && hash.kind === 'sha256',
  );
}

/** The file that was named and, of a split model, its other parts; or the one model of a quantisation. */
function choose(uri: HubUri, files: readonly RemoteFile[]): RemoteFile[] {
  const paths = files.map(({ path }) => path);
  const wanted =
    uri.file === undefined
      ? filesOfQuantisation(paths, uri.quantisation ?? '')
      : modelParts(uri.file);
  const chosen = wanted.map((path) => files.find((file) => file.path === path));
  const isWhole = chosen.length > 0 && chosen.every((file) => file !== undefined);
  const hasOneModel = wanted.length > 0 && modelParts(wanted[0] as string).length === wanted.length;
  if (isWhole && hasOneModel) return chosen as RemoteFile[];
  const why =
    wanted.length > 1 && isWhole
      ? `names ${wanted.length} files (${wanted.join(', ')}): give one by its path`
      : `is not there${didYouMean(uri.file ?? uri.quantisation ?? '', paths)}`;
  throw new SparseTuneError('ERR_DATA', `${describe(uri)} ${why}.`);
}

function describe({ repo, file, quantisation, revision }: HubUri): string {
  return `hf:${repo}${file === undefined ? `:${quantisation}` : `/${file}`}@${revision}`;
}
