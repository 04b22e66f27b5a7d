import { join } from 'node:path';
import { ensureTinyModel } from '../engine/tiny-model.js';
import { homeFolders } from '../home.js';
import { type ModelFile, resolveModel } from '../models/model-source.js';

/**
 * The file of a model as `tune` names it: a path, an `hf:` URI (downloaded where it is not here), or a test model, of
 * which `tiny` is made where it is not here.
 *
 * @throws {TypeError | SparseTuneError} see resolveModel
 */
export async function resolveModelFile(
  model: string,
  { home, signal }: { readonly home: string; readonly signal?: AbortSignal | undefined },
): Promise<ModelFile> {
  return resolveModel(model, { home, named: { tiny: tinyModel }, ...(signal && { signal }) });
}

async function tinyModel(home: string): Promise<string> {
  const path = join(homeFolders(home).models, 'tiny.gguf');
  await ensureTinyModel(path);
  return path;
}
