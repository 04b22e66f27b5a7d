import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { EngineError } from '../errors.js';
import { writeFileAtomic } from '../files.js';
import { addonPath, loadAddon } from '../native/addon.js';
import type { OverrideWay } from '../native/llama-addon.js';
import { describeGpu, findLlamaLibrary, llamaCpp } from './llama-library.js';
import { type LoadOptions, Model } from './model.js';
import { ensureTinyModel } from './tiny-model.js';

/** Relative errors of logits; see selfTest. */
export interface SelfTestResult {
  /** Our attention in the graph, against llama.cpp without flash attention and with f32 keys and values. */
  readonly inGraph: number;
  /** Our attention after the graph's own, against the same. */
  readonly replace: number;
  /** The two ways against each other. */
  readonly between: number;
  /** No attention of ours over an emptied cache: what a failed override looks like. */
  readonly control: number;
}

const nPrompt = 200;
const nSteps = 16;
/**
 * f16 keys and values cost 1e-4 to 7e-4 on real models; a failed override costs about 1. GPUs may round what they
 * multiply to 11 bits.
 */
const limits = { reference: 5e-3, gpuReference: 2e-2, between: 1e-4 };

/**
 * Decodes a tiny random model in both ways of our attention and by llama.cpp itself.
 *
 * @param folder - where the tiny model is kept
 */
export async function selfTest(
  folder: string,
  options: LoadOptions = { threads: 1 },
): Promise<SelfTestResult> {
  const isOnGpu = (options.gpuLayers ?? 0) > 0;
  const path = join(folder, isOnGpu ? 'tiny-64.gguf' : 'tiny.gguf');
  await ensureTinyModel(path, isOnGpu ? 64 : 32);
  const model = await Model.load(path, options);
  const tokens = Int32Array.from(
    { length: nPrompt + nSteps },
    (_, i) => 3 + ((i * i * 7 + i) % 256),
  );
  const reference = await model.plainLogits(tokens, nSteps, {
    flashAttention: false,
    kvType: 'f32',
  });
  const payload = await model.prefill(tokens.subarray(0, nPrompt));
  const snapshot = model.snapshot(payload, nPrompt);
  const decode = async (way: OverrideWay): Promise<Float32Array> => {
    const item = {
      stream: model.stream(snapshot, { maskers: [] }, nSteps),
      tokens: tokens.slice(nPrompt),
      targets: new Int32Array(nSteps),
      nIds: 0,
      keepLogits: true,
    };
    const [output] = await model.decode([item], { way });
    return output?.logits ?? new Float32Array();
  };
  const [inGraph, replace, control] = [
    await decode('inGraph'),
    await decode('replace'),
    await decode('none'),
  ];
  return {
    inGraph: relativeError(inGraph, reference),
    replace: relativeError(replace, reference),
    between: relativeError(inGraph, replace),
    control: relativeError(control, reference),
  };
}

/**
 * Runs the self-test once for each build of llama.cpp and of our addon, and for each use of GPUs, and remembers that it
 * passed.
 *
 * @throws {EngineError} where our attention and llama.cpp disagree: nothing the engine measured could be trusted
 */
export async function ensureSelfTest(folder: string, gpuLayers = 0): Promise<void> {
  const marker = join(folder, `self-test-${await buildId(gpuLayers)}.json`);
  if (existsSync(marker)) return;
  const result = await selfTest(folder, { threads: 1, gpuLayers });
  const { inGraph, replace, between, control } = result;
  const limit = gpuLayers > 0 ? limits.gpuReference : limits.reference;
  const agrees = Math.max(inGraph, replace) <= limit && between <= limits.between;
  if (!agrees || control < 10 * limit) {
    throw new EngineError(
      'ERR_ENGINE',
      `The self-test failed: relative logit errors ${JSON.stringify(result)}. ` +
        `The llama.cpp libraries do not behave as ${llamaCpp.release} does; reinstall them.`,
    );
  }
  await writeFileAtomic(marker, `${JSON.stringify(result)}\n`);
}

async function buildId(gpuLayers: number): Promise<string> {
  const gpu = await describeGpu(gpuLayers);
  const { folder, ggmlBase, ggml, llama } = findLlamaLibrary(process.env, { gpu: gpuLayers > 0 });
  const libraries = [ggmlBase, ggml, llama].map((name) => join(folder, name));
  const files = await Promise.all(
    [addonPath(), ...libraries].map(async (path) => {
      const { size, mtimeMs } = await stat(path);
      return { name: basename(path), size, mtimeMs };
    }),
  );
  const id = { isa: loadAddon().bestIsa, files, gpu };
  return createHash('sha256').update(JSON.stringify(id)).digest('hex').slice(0, 12);
}

/** |a - b| / |b| over all elements. */
export function relativeError(a: Float32Array, b: Float32Array): number {
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < b.length; i++) {
    const [ai = 0, bi = 0] = [a[i], b[i]];
    difference += (ai - bi) ** 2;
    norm += bi ** 2;
  }
  return Math.sqrt(difference / norm);
}
