// Attention in the memory of a GPU that llama.cpp has its tensors in. Host memory is taken for that memory: with the
// addon that test:simt builds, the kernels then run on llama.cpp's own tensors, in the emulator; else this shows how it
// is refused, and that attention goes the way over the host.
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import type { Model } from '../../ts/engine/model.js';
import { relativeError } from '../../ts/engine/self-test.js';
import type { TinyHeadDim } from '../../ts/engine/tiny-model.js';
import { info, KvCache } from '../../ts/index.js';
import type { DecodeOutput, NativeChain, NativeStream } from '../../ts/native/llama-addon.js';
import { Rng } from '../../ts/tasks/rng.js';
import { logDevice } from '../helpers/device-log.js';
import { mixedPrompt } from '../helpers/fidelity.js';
import { loadF32Model, loadTinyModel } from '../helpers/models.js';
import { dense, randomTokens, sparseChains } from '../helpers/tiny-questions.js';

/** The same model in host memory, and as if it lay on the first GPU, with contexts that the first has prefilled. */
interface Models {
  readonly onHost: Model;
  readonly onDevice: Model;
  readonly contexts: readonly { readonly payload: Uint8Array; readonly length: number }[];
}

interface Context extends Models {
  readonly warnings: readonly string[];
}

const test = anyTest as TestFn<Context>;

// The emulator reads it when it is loaded: any memory may be the device's, which itself has little to give.
process.env['SPARSETUNE_SIMT_FOREIGN'] = '1';
process.env['SPARSETUNE_SIMT_BYTES'] = String(2 ** 24);

async function load(headDim: TinyHeadDim, onWarning?: (message: string) => void): Promise<Models> {
  const onHost = await loadTinyModel({ onWarning }, headDim);
  const onDevice = await loadTinyModel({ hostMemoryAs: 'CUDA0', onWarning }, headDim);
  const contexts = [];
  for (const length of [85, 41]) {
    const tokens = randomTokens(new Rng(`context ${length}`), length);
    contexts.push({ payload: await onHost.prefill(tokens), length });
  }
  return { onHost, onDevice, contexts };
}

test.beforeEach(async (t) => {
  const warnings: string[] = [];
  t.context = { ...(await load(64, (message) => warnings.push(message))), warnings };
});

function snapshotsOf(model: Model, { contexts }: Pick<Models, 'contexts'>): object[] {
  return contexts.map(({ payload, length }) => model.snapshot(payload, length));
}

function item(stream: NativeStream, seed: string, nTokens: number) {
  const tokens = randomTokens(new Rng(seed), nTokens);
  return { stream, tokens, targets: new Int32Array(nTokens), nIds: 0, keepLogits: true };
}

/** Three streams over two contexts in turn, of which one forgets some tokens. */
async function inTurns(model: Model, models: Models, chain: NativeChain): Promise<DecodeOutput[]> {
  const [first = {}, second = {}] = snapshotsOf(model, models);
  const stream = (snapshot: object) => model.stream(snapshot, chain, 20);
  const [a, b, c] = [stream(first), stream(first), stream(second)];
  const outputs = await model.decode([item(a, 'a', 3), item(b, 'b', 4), item(c, 'c', 2)]);
  outputs.push(...(await model.decode([item(b, 'b2', 1), item(a, 'a2', 2)])));
  a.truncate(4);
  outputs.push(...(await model.decode([item(a, 'a3', 1), item(c, 'c2', 1)])));
  return outputs;
}

const nSteppedTokens = 4;

/** A stream that decodes three tokens, then one. */
async function inSteps(model: Model, models: Models, chain: NativeChain): Promise<DecodeOutput[]> {
  const [snapshot = {}] = snapshotsOf(model, models);
  const stream = model.stream(snapshot, chain, nSteppedTokens);
  const first = await model.decode([item(stream, 'first', 3)]);
  return [...first, ...(await model.decode([item(stream, 'second', 1)]))];
}

/** The same within rounding; keys and values of new tokens are rounded to f16 in every layer. */
function isNear(
  t: ExecutionContext<Context>,
  actual: readonly DecodeOutput[],
  expected: readonly DecodeOutput[],
  { isBlocked = false } = {},
): void {
  t.is(actual.length, expected.length);
  for (const [i, { logits = new Float32Array(), density, ...output }] of expected.entries()) {
    const other = actual[i] as DecodeOutput;
    const error = relativeError(other.logits ?? new Float32Array(), logits);
    t.true(error < 1e-3, `logits of output ${i}: ${error}`);
    t.true(Math.abs(other.density - density) < 1e-12, `density of output ${i}`);
    t.is(other.denseBytes, output.denseBytes);
    // On the CPU the tail has int8 blocks of its own.
    if (isBlocked) t.true(other.bytesRead <= output.bytesRead);
    else t.is(other.bytesRead, output.bytesRead);
  }
}

const reasonsOf = (outputs: readonly DecodeOutput[]) =>
  outputs.map(({ hostReasons }) => hostReasons.join('; '));

/** On the CPU, over copies: bit by bit what it is without. */
async function isRefused(
  t: ExecutionContext<Context>,
  chain: NativeChain,
  reason: RegExp,
  models: Models = t.context,
): Promise<void> {
  const expected = await inTurns(models.onHost, models, chain);
  const actual = await inTurns(models.onDevice, models, chain);
  for (const text of reasonsOf(actual)) t.regex(text, reason);
  for (const [i, { logits }] of expected.entries()) t.deepEqual(actual[i]?.logits, logits);
}

/** Has no CUDA kernels. */
const twoChoices: NativeChain = {
  ...dense,
  maskers: [8, 12].map((heavySize) => ({ kind: 'top_k', heavySize })),
};

if (info().cudaDevice === 'emulated') {
  testResults();
  testMixed();
  testWindows();
  testRefusals();
} else {
  const { cudaReason = 'CUDA does not know the memory of llama.cpp' } = info();
  test.serial('without a GPU, attention goes over the host and tells why, once', async (t) => {
    await isRefused(t, dense, /./);
    t.is(t.context.warnings.length, 1);
    t.true(t.context.warnings[0]?.includes(cudaReason));
  });
}

function testResults(): void {
  const { top_k, top_p, quest, magic_pig, adaptive_sampling } = sparseChains;
  const int8 = { maskers: [{ kind: 'top_k', heavySize: 20, scoreDtype: 'int8' }] };
  const chains = { dense, top_k, top_p, int8, quest, magic_pig, adaptive_sampling };
  for (const [name, chain] of Object.entries(chains)) {
    test.serial(`streams attend in the GPU's memory as on the CPU: ${name}`, async (t) => {
      const { onHost, onDevice, warnings } = t.context;
      const actual = await inTurns(onDevice, t.context, chain as NativeChain);
      isNear(t, actual, await inTurns(onHost, t.context, chain as NativeChain), {
        isBlocked: name === 'int8',
      });
      t.deepEqual(reasonsOf(actual), Array(7).fill(''));
      t.deepEqual(warnings, []);
    });
  }
}

function testMixed(): void {
  test.serial('streams of a batch attend on both', async (t) => {
    const { magic_pig } = sparseChains;
    const run = async (model: Model) => {
      const [snapshot = {}] = snapshotsOf(model, t.context);
      const chains = [dense, twoChoices, magic_pig, twoChoices] as NativeChain[];
      const streams = chains.map((chain) => model.stream(snapshot, chain, 8));
      const step = (n: number) => model.decode(streams.map((s, i) => item(s, `${i} ${n}`, n)));
      return [...(await step(3)), ...(await step(1))];
    };
    const actual = await run(t.context.onDevice);
    isNear(t, actual, await run(t.context.onHost));
    const isOnHost = reasonsOf(actual).map((text) => text !== '');
    t.deepEqual(isOnHost, [false, true, false, true, false, true, false, true]);
  });

  test.serial('a stream whose queries are captured goes to the host with its tail', async (t) => {
    const chain = sparseChains['quest'] as NativeChain;
    const run = async (model: Model) => {
      const [snapshot = {}] = snapshotsOf(model, t.context);
      const stream = model.stream(snapshot, chain, 12);
      const capture = model.capture(snapshot, [1], 3);
      const outputs = await model.decode([item(stream, 'before', 4)]);
      outputs.push(...(await model.decode([{ ...item(stream, 'captured', 3), capture }])));
      outputs.push(...(await model.decode([item(stream, 'after', 2)])));
      return { outputs, queries: capture.queries(1) };
    };
    const actual = await run(t.context.onDevice);
    const expected = await run(t.context.onHost);
    isNear(t, actual.outputs, expected.outputs);
    t.true(relativeError(actual.queries, expected.queries) < 1e-3);
    const [before, captured, after] = reasonsOf(actual.outputs);
    t.is(before, '');
    t.regex(captured ?? '', /outputError/);
    t.regex(after ?? '', /tokens before these/);
  });
}

function testWindows(): void {
  const chains = { dense, top_k: sparseChains['top_k'], magic_pig: sparseChains['magic_pig'] };
  test.serial('layers with a sliding window go over the host, and the others do not', async (t) => {
    const warnings: string[] = [];
    const onWarning = (message: string) => warnings.push(message);
    const onHost = await loadF32Model('gemma3', { onWarning });
    const onDevice = await loadF32Model('gemma3', { hostMemoryAs: 'CUDA0', onWarning });
    const { layers } = onHost.info;
    const length = Math.max(...layers.map(({ window }) => window)) + 20; // beyond the windows
    const payload = await onHost.prefill(mixedPrompt(onHost, length));
    const models = { onHost, onDevice, contexts: [{ payload, length }] };
    const nFull = layers.filter(({ window }) => window === 0).length;
    t.true(nFull > 0 && nFull < layers.length);
    for (const [name, chain = dense] of Object.entries(chains)) {
      const endLog = logDevice();
      const actual = await inSteps(onDevice, models, chain);
      const attended = endLog().filter((work) => work.name === 'Attend').length;
      t.is(attended, nFull * nSteppedTokens, `positions that the GPU attends: ${name}`);
      isNear(t, actual, await inSteps(onHost, models, chain));
      const reasons = actual.map(({ hostReasons }) => hostReasons);
      t.deepEqual(
        reasons,
        actual.map(() => ['layers with a sliding window have no CUDA kernels']),
      );
    }
    t.is(warnings.length, 1);
    t.regex(warnings[0] ?? '', /layers with a sliding window have no CUDA kernels/);
  });
}

function testRefusals(): void {
  test.serial('a chain without kernels goes over the host', async (t) => {
    await isRefused(t, twoChoices, /masker "top_k" after masker "top_k" has no CUDA kernels/);
    t.is(t.context.warnings.length, 1);
  });

  test.serial('heads without kernels go over the host', async (t) => {
    await isRefused(t, dense, /headDim 32 has no CUDA kernels/, await load(32));
  });

  test.serial("a snapshot's memory on the GPU goes with it", async (t) => {
    for (let i = 0; i < 8; i++) {
      t.deepEqual(reasonsOf(await decodeLarge(t.context)), [''], `snapshot ${i}`);
      await collectGarbage();
    }
  });

  test.serial('a context that the GPU has no memory for goes over the host', async (t) => {
    await collectGarbage(); // or it would free memory later
    const caches = fillMemory();
    await isRefused(t, dense, /no memory left|tokens before these/);
    t.regex(t.context.warnings[0] ?? '', /no memory left/);
    for (const cache of caches) cache.dispose();
    t.deepEqual(reasonsOf(await inTurns(t.context.onDevice, t.context, dense)), Array(7).fill(''));
  });
}

/** Snapshots that nobody holds are gone then. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  await setImmediate();
}

/** Decodes a token of a stream that takes a good part of the GPU's memory. */
async function decodeLarge({ onDevice, contexts }: Models): Promise<DecodeOutput[]> {
  const [snapshot = {}] = snapshotsOf(onDevice, { contexts });
  return await onDevice.decode([item(onDevice.stream(snapshot, dense, 1500), 'large', 1)]);
}

/** Takes all but a few KiB of the GPU's memory. */
function fillMemory(): KvCache[] {
  const caches: KvCache[] = [];
  const shape = { nKvHeads: 1, headDim: 64, dtype: 'f16', device: 'cuda' } as const;
  for (let n = 2 ** 15; n >= 64; n /= 2) {
    const rows = new Float32Array(64 * n);
    for (let isFull = false; !isFull; ) {
      const cache = new KvCache({ ...shape, capacity: n });
      try {
        cache.append(rows, rows);
        caches.push(cache);
      } catch {
        cache.dispose();
        isFull = true;
      }
    }
  }
  return caches;
}
