import { isDeepStrictEqual } from 'node:util';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import type { Model } from '../../ts/engine/model.js';
import type { NativeChain, NativeStream, OverrideWay } from '../../ts/native/llama-addon.js';
import { Rng } from '../../ts/tasks/rng.js';
import { loadTinyModel } from '../helpers/models.js';
import { dense, randomTokens, sparseChains } from '../helpers/tiny-questions.js';

/** The tiny model in place, and as if its tensors lay on a GPU, with one thread and with two. */
interface Context {
  readonly inPlace: Model;
  readonly copied: Model;
  readonly copiedByTwo: Model;
}

const test = anyTest as TestFn<Context>;
const nContext = 300;

test.before(async (t) => {
  t.context = {
    inPlace: await loadTinyModel(),
    copied: await loadTinyModel({ hostMemoryAs: 'Vulkan0' }),
    copiedByTwo: await loadTinyModel({ threads: 2, hostMemoryAs: 'Vulkan0' }),
  };
});

test('a prefill whose cells are copied gives the same keys and values', async (t) => {
  const { inPlace, copied } = t.context;
  const tokens = randomTokens(new Rng('long'), 700);
  const payload = Buffer.from(await copied.prefill(tokens));
  t.true(payload.some((byte) => byte !== 0));
  t.true(payload.equals(await inPlace.prefill(tokens)));
});

/** Two streams in one batch, and what is captured of the second. */
async function decode(model: Model, chain: NativeChain, way: OverrideWay) {
  const tokens = randomTokens(new Rng('context'), nContext);
  const snapshot = model.snapshot(await model.prefill(tokens), nContext);
  const capture = model.capture(snapshot, [0, 2], 40);
  const streams = [model.stream(snapshot, chain, 60), model.stream(snapshot, chain, 60)] as const;
  const item = (stream: NativeStream, seed: string, nTokens: number) => ({
    stream,
    tokens: randomTokens(new Rng(seed), nTokens),
    targets: new Int32Array(8),
    nIds: 4,
    keepLogits: true,
  });
  const [first, second] = streams;
  const together = [item(first, 'first', 20), { ...item(second, 'second', 40), capture }];
  const outputs = [
    ...(await model.decode(together, { way })),
    ...(await model.decode([item(first, 'next', 12)], { way })),
  ];
  return {
    outputs: outputs.map(({ attentionMs: _time, hostReasons: _reasons, ...output }) => output),
    queries: [capture.queries(0), capture.queries(2)],
    errors: await model.outputErrors(capture, sparseChains['sink and local'] as NativeChain),
  };
}

type Decoded = Awaited<ReturnType<typeof decode>>;

/** All of it by name, so that a difference is told without its thousands of numbers. */
function isSame(t: ExecutionContext<Context>, actual: Decoded, expected: Decoded): void {
  for (const [i, output] of expected.outputs.entries()) {
    for (const [name, value] of Object.entries(output)) {
      const other = actual.outputs[i]?.[name as keyof typeof output];
      t.true(isDeepStrictEqual(other, value), `${name} of output ${i}`);
    }
  }
  t.true(isDeepStrictEqual(actual.queries, expected.queries), 'queries');
  t.deepEqual(actual.errors, expected.errors);
}

for (const [name, chain] of Object.entries({ dense, ...sparseChains })) {
  test(`a decode whose tensors are copied gives the same bits: ${name}`, async (t) => {
    const { inPlace, copied, copiedByTwo } = t.context;
    const expected = await decode(inPlace, chain, 'inGraph');
    t.true(expected.outputs.every(({ logits }) => logits?.every(Number.isFinite)));
    isSame(t, await decode(copied, chain, 'inGraph'), expected);
    isSame(t, await decode(copied, chain, 'replace'), expected);
    const byTwo = await decode(copiedByTwo, chain, 'inGraph');
    const logits = ({ outputs }: Decoded) => outputs.map((output) => output.logits);
    t.true(isDeepStrictEqual(logits(byTwo), logits(expected)), 'logits of two threads');
  });
}

test('without our attention a decode over copied tensors is another one', async (t) => {
  const { copied } = t.context;
  const [ours, none] = [
    await decode(copied, dense, 'inGraph'),
    await decode(copied, dense, 'none'),
  ];
  t.false(isDeepStrictEqual(none.outputs, ours.outputs));
});
