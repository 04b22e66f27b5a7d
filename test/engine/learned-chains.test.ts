import anyTest, { type TestFn } from 'ava';
import type { Model } from '../../ts/engine/model.js';
import { relativeError } from '../../ts/engine/self-test.js';
import type { DecodeItem, NativeChain, NativeSnapshot } from '../../ts/native/llama-addon.js';
import { Rng } from '../../ts/tasks/rng.js';
import { temporaryFolder } from '../helpers/folder.js';
import { hashOf, ordersOf } from '../helpers/learned.js';
import { hashTensors, writeChannels, writeSafetensors } from '../helpers/learned-files.js';
import { loadTinyModel } from '../helpers/models.js';
import { dense, randomTokens } from '../helpers/tiny-questions.js';

const test = anyTest as TestFn<{ model: Model; snapshot: NativeSnapshot }>;
const contextLength = 150;

test.before(async (t) => {
  const model = await loadTinyModel();
  const payload = await model.prefill(randomTokens(new Rng('context'), contextLength));
  t.context = { model, snapshot: model.snapshot(payload, contextLength) };
});

const kinds = ['hash_top_k', 'double_sparsity'] as const;

/** A chain whose file has a network or a list for each query head or each KV head. */
function learnedChain(
  kind: (typeof kinds)[number],
  folder: string,
  { info }: Pick<Model, 'info'>,
  heads: 'nQHeads' | 'nKvHeads',
): NativeChain {
  const sink = { kind: 'sink', sinkSize: 4 };
  if (kind === 'hash_top_k') {
    const tensors = info.layers.flatMap((layer, i) =>
      hashTensors(hashOf(layer[heads], layer.headDim), i),
    );
    const hatWeightFile = writeSafetensors(folder, tensors);
    return { maskers: [sink, { kind, heavySize: 20, hatWeightFile }] };
  }
  const lists = info.layers.map((layer) => ordersOf(layer[heads], layer.headDim));
  const sortedChannelFile = writeChannels(folder, lists);
  return { maskers: [sink, { kind, heavySize: 20, groupFactor: 4, sortedChannelFile }] };
}

for (const kind of kinds) {
  for (const heads of ['nQHeads', 'nKvHeads'] as const) {
    test(`the engine runs ${kind} with a file of ${heads}, at once or in parts`, async (t) => {
      const { model, snapshot } = t.context;
      const chain = learnedChain(kind, await temporaryFolder(t), model, heads);
      const tokens = randomTokens(new Rng('tail'), 24);
      const decode = async (of: NativeChain, ...parts: Int32Array[]) => {
        const stream = model.stream(snapshot, of, 24);
        let logits = new Float32Array();
        for (const part of parts) {
          const item: DecodeItem = {
            stream,
            tokens: part,
            targets: part.slice(-1),
            nIds: 1,
            keepLogits: true,
          };
          const [output] = await model.decode([item]);
          logits = Float32Array.from(output?.logits ?? []);
        }
        return logits;
      };
      const whole = await decode(chain, tokens);
      const inParts = await decode(chain, tokens.slice(0, 7), tokens.slice(7, 8), tokens.slice(8));
      t.true(relativeError(inParts, whole) < 1e-5);
      t.true(relativeError(whole, await decode(dense, tokens)) > 1e-4);
    });
  }

  test(`the engine refuses a file of ${kind} that leaves out a layer`, async (t) => {
    const { model, snapshot } = t.context;
    const one = { info: { ...model.info, layers: model.info.layers.slice(0, 1) } };
    const chain = learnedChain(kind, await temporaryFolder(t), one, 'nQHeads');
    t.throws(() => model.stream(snapshot, chain, 8), {
      code: 'ERR_CONFIG',
      message: /at layer 1 in .* but it has nothing/,
    });
  });
}
