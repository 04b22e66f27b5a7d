import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Engine } from '../../ts/engine/engine.js';
import { describeGpu } from '../../ts/engine/llama-library.js';
import { Model } from '../../ts/engine/model.js';
import { relativeError, selfTest } from '../../ts/engine/self-test.js';
import { ensureTinyModel } from '../../ts/engine/tiny-model.js';
import type { NativeChain } from '../../ts/native/llama-addon.js';
import { Rng } from '../../ts/tasks/rng.js';
import { compareLogits, mixedPrompt, ourLogits } from '../helpers/fidelity.js';
import { temporaryFolder } from '../helpers/folder.js';
import { testModelPath } from '../helpers/models.js';
import { dense, randomTokens, sparseChains } from '../helpers/tiny-questions.js';

/** More than the tiny model has. */
const all = 99;

/** Why llama.cpp has no GPU here; Mesa's lavapipe is one that every machine can have (docs/engine.md). */
const reason = await describeGpu(all).then(
  () => undefined,
  ({ message }: Error) => message.replace(/ Looked in:.*/s, ''),
);

/** Runs where there is a GPU, and tells why where it does not. */
function onGpu(title: string, run: (t: ExecutionContext) => Promise<void>): void {
  test(title, async (t) => {
    if (reason === undefined) return run(t);
    t.log(`not run: ${reason}`);
    return t.pass();
  });
}

onGpu('several models are loaded at once', async (t) => {
  const path = join(await temporaryFolder(t), 'tiny.gguf');
  await ensureTinyModel(path, 64);
  const load = (gpuLayers: number) => Model.load(path, { threads: 1, gpuLayers });
  const models = await Promise.all([all, 2, all, 0].map(load));
  t.deepEqual(
    models.map(({ gpu }) => gpu !== undefined),
    [true, true, true, false],
  );
});

for (const gpuLayers of [2, all]) {
  onGpu(`the self-test passes with ${gpuLayers} layers on the GPU`, async (t) => {
    const result = await selfTest(await temporaryFolder(t), { threads: 1, gpuLayers });
    t.log(await describeGpu(gpuLayers), result);
    t.true(Math.max(result.inGraph, result.replace) < 2e-2);
    t.is(result.between, 0);
    t.true(result.control > 0.5);
  });
}

async function logitsOf(path: string, chain: NativeChain, gpuLayers: number) {
  const model = await Model.load(path, { threads: 2, gpuLayers });
  const tokens = randomTokens(new Rng('context'), 700);
  const snapshot = model.snapshot(await model.prefill(tokens), tokens.length);
  const item = (seed: string) => ({
    stream: model.stream(snapshot, chain, 30),
    tokens: randomTokens(new Rng(seed), 30),
    targets: new Int32Array(30),
    nIds: 0,
    keepLogits: true,
  });
  const outputs = await model.decode([item('first'), item('second')]);
  return outputs.map(({ logits = new Float32Array() }) => logits);
}

// Chains that choose keys by position: those that choose by score may choose others after rounding.
for (const [name, chain] of Object.entries({ dense, sinkLocal: sparseChains['sink and local'] })) {
  onGpu(`a decode with layers on the GPU is near that of the CPU: ${name}`, async (t) => {
    const path = join(await temporaryFolder(t), 'tiny.gguf');
    await ensureTinyModel(path, 64);
    const expected = await logitsOf(path, chain as NativeChain, 0);
    for (const gpuLayers of [2, all]) {
      const actual = await logitsOf(path, chain as NativeChain, gpuLayers);
      for (const [i, logits] of actual.entries()) {
        const error = relativeError(logits, expected[i] ?? new Float32Array());
        t.true(error < 2e-2, `${gpuLayers} layers, stream ${i}: ${error}`);
      }
    }
  });
}

onGpu(
  'a quantised model on the GPU is as near to llama.cpp there as its own attention',
  async (t) => {
    const path = testModelPath('smollm2');
    const model = await Model.load(path, { threads: 2, gpuLayers: all });
    const [nPrompt, nSteps] = [120, 8];
    const tokens = mixedPrompt(model, nPrompt + nSteps);
    const snapshot = model.snapshot(await model.prefill(tokens.subarray(0, nPrompt)), nPrompt);
    const plain = (flashAttention: boolean, kvType: 'f16' | 'f32') =>
      model.plainLogits(tokens, nSteps, { flashAttention, kvType });
    const reference = await plain(false, 'f32');
    const near = (logits: Float32Array) => compareLogits(logits, reference, model.info.nVocab);
    const own = near(await plain(true, 'f16'));
    // Step by step as llama.cpp's: a GPU rounds products of many rows otherwise than those of one.
    const ours = near(
      await ourLogits(model, snapshot, tokens.slice(nPrompt), { pass: 'stepwise' }),
    );
    t.log({ ours, own });
    t.true(ours.meanError <= 1.5 * own.meanError);
    t.is(ours.argmaxMisses, 0);
  },
);

onGpu('what the CPU has prefilled is not taken for what a GPU does', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'tiny.gguf');
  await ensureTinyModel(path, 64);
  const context = { id: 'context', tokens: randomTokens(new Rng('context'), 100) };
  for (const gpuLayers of [0, all]) {
    const options = { fingerprint: 'tiny', threads: 1, snapshotFolder: folder, gpuLayers };
    const engine = await Engine.load(path, options);
    t.false(await engine.isPrefilled(context));
    await engine.prepare([context], [], () => ({ isSettled: true }));
    t.true(await engine.isPrefilled(context));
  }
});
