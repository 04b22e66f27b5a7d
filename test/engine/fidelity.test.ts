import anyTest, { type TestFn } from 'ava';
import type { Model } from '../../ts/engine/model.js';
import { relativeError } from '../../ts/engine/self-test.js';
import type { NativeSnapshot } from '../../ts/native/llama-addon.js';
import { compareLogits, mixedPrompt, ourLogits } from '../helpers/fidelity.js';
import { loadF32Model, loadTestModel } from '../helpers/models.js';

// One model at a time: they share the cores.
const test = anyTest.serial as unknown as TestFn;

const nSteps = 32;
type Name = 'smollm2' | 'gemma3';

interface Prompt {
  readonly model: Model;
  readonly tokens: Int32Array;
  readonly last: Int32Array;
  readonly snapshot: NativeSnapshot;
}

async function prepare(model: Model, length: number): Promise<Prompt> {
  const tokens = mixedPrompt(model, length + nSteps);
  const payload = await model.prefill(tokens.slice(0, length));
  return { model, tokens, last: tokens.slice(length), snapshot: model.snapshot(payload, length) };
}

// With f32 weights only the f16 keys and values and the order of sums remain.
const exact = anyTest.macro({
  exec: async (t, name: Name, length: number, meanLimit: number) => {
    const prompt = await prepare(await loadF32Model(name), length);
    const { model, tokens, last, snapshot } = prompt;
    const { nVocab } = model.info;
    const reference = await model.plainLogits(tokens, nSteps, {
      flashAttention: false,
      kvType: 'f32',
    });
    const whole = await ourLogits(model, snapshot, last);
    const stepwise = await ourLogits(model, snapshot, last, { pass: 'stepwise' });
    for (const [pass, logits] of Object.entries({ whole, stepwise })) {
      const difference = compareLogits(logits, reference, nVocab);
      t.log(pass, difference);
      t.true(difference.meanError <= meanLimit, `${pass}: mean ${difference.meanError}`);
      t.true(difference.worstError <= 1e-2, `${pass}: worst ${difference.worstError}`);
      t.is(difference.argmaxMisses, 0, pass);
    }
    const replace = await ourLogits(model, snapshot, last, { way: 'replace' });
    t.true(relativeError(replace, whole) < 1e-5, 'both ways agree');
    const control = compareLogits(
      await ourLogits(model, snapshot, last, { way: 'none' }),
      reference,
      nVocab,
    );
    t.log('control', control);
    t.true(control.meanError > 100 * meanLimit, 'without the override it fails');
  },
  title: (_, name: Name, length: number) =>
    `our decode of ${name} in f32 follows llama.cpp at ${length} tokens`,
});

test('smollm2, 1k', exact, 'smollm2', 1024, 1e-3);
test('smollm2, 4k', exact, 'smollm2', 4096, 1e-3);
test('gemma3, 1k: windowed layers keep their window', exact, 'gemma3', 1024, 2e-3);
test('gemma3, 4k: windowed layers keep their window', exact, 'gemma3', 4096, 2e-3);

const quantised = anyTest.macro({
  exec: async (t, name: Name) => {
    const { model, tokens, last, snapshot } = await prepare(await loadTestModel(name), 1024);
    const { nVocab } = model.info;
    const plain = (flashAttention: boolean, kvType: 'f16' | 'f32') =>
      model.plainLogits(tokens, nSteps, { flashAttention, kvType });
    const reference = await plain(false, 'f32');
    const kl = (logits: Float32Array) => compareLogits(logits, reference, nVocab).meanKl;
    const [off, on] = [kl(await plain(false, 'f16')), kl(await plain(true, 'f16'))];
    const ours = kl(await ourLogits(model, snapshot, last, { pass: 'stepwise' }));
    t.log({ ours, flashAttentionOff: off, flashAttentionOn: on });
    t.true(ours <= 1.5 * Math.max(off, on));
  },
  title: (_, name: Name) =>
    `our decode of quantised ${name} is as close to llama.cpp as llama.cpp is to itself`,
});

test('smollm2', quantised, 'smollm2');
test('gemma3', quantised, 'gemma3');

test('streams decoded together give what each gives alone', async (t) => {
  const { model, snapshot, last } = await prepare(await loadF32Model('smollm2'), 512);
  const { nVocab } = model.info;
  const chains = [
    { maskers: [] },
    {
      maskers: [
        { kind: 'sink', sinkSize: 4 },
        { kind: 'local', windowSize: 16 },
      ],
    },
    {
      maskers: [
        { kind: 'sink', sinkSize: 4 },
        { kind: 'top_k', heavySize: 16 },
      ],
    },
  ];
  const item = (chain: { maskers: { kind: string }[] }) => ({
    stream: model.stream(snapshot, chain, nSteps),
    tokens: last,
    targets: new Int32Array(nSteps),
    nIds: 0,
    keepLogits: true,
  });
  const together = await model.decode([...chains, ...chains, ...chains].map(item));
  for (const [index, chain] of chains.entries()) {
    const [alone] = await model.decode([item(chain)]);
    const rows = [index, index + 3, index + 6].map(
      (i) => together[i]?.logits ?? new Float32Array(),
    );
    for (const row of rows) {
      const { meanError } = compareLogits(row, alone?.logits ?? row, nVocab);
      t.true(meanError < 1e-3, `chain ${index}: ${meanError}`);
    }
  }
});
