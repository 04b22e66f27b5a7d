import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { loadLlamaLibrary } from '../../ts/engine/llama-library.js';
import { type LoadOptions, Model } from '../../ts/engine/model.js';
import { ensureTinyModel, type TinyHeadDim } from '../../ts/engine/tiny-model.js';
import { homeFolders, resolveHome } from '../../ts/home.js';
import { testModels } from '../../ts/models/test-models.js';
import { loadAddon } from '../../ts/native/addon.js';

const models = homeFolders(resolveHome()).models;
const threads = Math.min(2, availableParallelism());

/** File of a test model that scripts/setup.mjs has fetched. */
export function testModelPath(name: 'smollm2' | 'gemma3'): string {
  const model = testModels.find((candidate) => candidate.name === name);
  const path = join(models, model?.file ?? '');
  if (!existsSync(path)) throw new Error(`${name} is absent: run "${model?.cure}"`);
  return path;
}

export function loadTestModel(name: 'smollm2' | 'gemma3'): Promise<Model> {
  return Model.load(testModelPath(name), { threads });
}

/** The same weights in f32, so that rounding of weights and activations hides nothing. Made once. */
export async function loadF32Model(
  name: 'smollm2' | 'gemma3',
  options: Partial<LoadOptions> = {},
): Promise<Model> {
  const path = join(models, `${name}-f32.gguf`);
  if (!existsSync(path)) {
    await mkdir(models, { recursive: true });
    const temporary = `${path}.${process.pid}.tmp`;
    await loadAddon().dequantize(await loadLlamaLibrary(), testModelPath(name), temporary);
    await rename(temporary, path);
  }
  return Model.load(path, { threads, ...options });
}

export async function loadTinyModel(
  options: Partial<LoadOptions> = {},
  headDim: TinyHeadDim = 32,
): Promise<Model> {
  const path = join(models, headDim === 32 ? 'tiny.gguf' : `tiny-${headDim}.gguf`);
  await ensureTinyModel(path, headDim);
  return Model.load(path, { threads: 1, ...options });
}
