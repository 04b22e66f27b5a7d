import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { rejectArgument, SparseTuneError } from '../errors.js';
import type { DownloadProgress } from '../hub/download.js';
import { didYouMean } from '../space/nearest.js';
import { fingerprintModel } from './fingerprint.js';
import { hubModel } from './hub-models.js';
import { parseHubUri } from './hub-uri.js';
import { type TestModel, testModels } from './test-models.js';

/** A model file on this machine. */
export interface ModelFile {
  /** What the user wrote. */
  readonly source: string;
  readonly path: string;
  /** Size and SHA-256; see fingerprintModel. */
  readonly fingerprint: string;
  readonly bytes: number;
}

export interface ResolveModelOptions {
  readonly home: string;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** More names, each with what makes or finds its file in the home folder. */
  readonly named?: Readonly<Record<string, (home: string) => Promise<string>>>;
  readonly env?: NodeJS.ProcessEnv;
  readonly retryDelayMs?: number;
}

/**
 * Finds the GGUF file that `--model` names: a path, `hf:owner/repo/file.gguf[@revision]`,
 * `hf:owner/repo:Q4_K_M[@revision]` (both downloaded once), or a test model by its name.
 *
 * @throws {TypeError} `ERR_ARGUMENT` if it names nothing, with the nearest name
 * @throws {SparseTuneError} `ERR_DATA`, `ERR_MODEL_UNSUPPORTED`
 *
 * @example
 * const { path } = await resolveModel('hf:bartowski/SmolLM2-135M-Instruct-GGUF:Q4_K_M', { home: resolveHome() });
 */
export async function resolveModel(
  model: string,
  options: ResolveModelOptions,
): Promise<ModelFile> {
  const path = await locate(model, options);
  const { fingerprint, bytes } = await fingerprintModel(path, options.home, options.signal);
  return { source: model, path, fingerprint, bytes };
}

async function locate(model: string, options: ResolveModelOptions): Promise<string> {
  const { home, named = {}, env = process.env } = options;
  if (model.startsWith('hf:')) return hubModel(parseHubUri(model), { ...options, env });
  const make = Object.hasOwn(named, model) ? named[model] : undefined;
  if (make !== undefined) return make(home);
  const known = testModels.find(({ name }) => name === model);
  if (known !== undefined) return testModelPath(known, home);
  if (await isFile(model)) return resolve(model);
  const names = [...testModels.map(({ name }) => name), ...Object.keys(named)];
  return rejectArgument(
    'model',
    `the path of a GGUF file, an hf: URI or a test model${didYouMean(model, names)}`,
    model,
  );
}

async function testModelPath({ name, file, cure }: TestModel, home: string): Promise<string> {
  const path = join(home, 'models', file);
  if (await isFile(path)) return path;
  throw new SparseTuneError(
    'ERR_DATA',
    `The test model ${name} is not in ${join(home, 'models')}. In a checkout, fetch it with: ${cure} --home ${home}`,
  );
}

function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
