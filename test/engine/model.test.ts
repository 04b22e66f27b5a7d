import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { Model } from '../../ts/engine/model.js';
import { relativeError } from '../../ts/engine/self-test.js';
import { encodeTinyModel } from '../../ts/engine/tiny-model.js';
import { EngineError } from '../../ts/errors.js';
import type { NativeChain, NativeSnapshot, NativeStream } from '../../ts/native/llama-addon.js';
import { Rng } from '../../ts/tasks/rng.js';
import { temporaryFolder } from '../helpers/folder.js';
import { bertGguf, mambaGguf, unknownGguf } from '../helpers/foreign-models.js';
import { loadTestModel, loadTinyModel } from '../helpers/models.js';
import { dense, randomTokens, sparseChains } from '../helpers/tiny-questions.js';

const test = anyTest as TestFn<{ model: Model; snapshot: NativeSnapshot }>;
const contextLength = 200;

test.before(async (t) => {
  const model = await loadTinyModel();
  const payload = await model.prefill(randomTokens(new Rng('context'), contextLength));
  t.context = { model, snapshot: model.snapshot(payload, contextLength) };
});

const texts = [
  'The quick brown fox jumps over 13 lazy dogs.',
  ' a blank before, two  inside, one after ',
  'line\nline\n\n\ttab',
  'Grüße, 日本語, emoji 🦊 and a combining e\u0301',
];

test('the byte tokenizer of the tiny model gives texts back, with its sign for blanks', (t) => {
  const { model } = t.context;
  const roundTrip = (text: string) =>
    model.detokenize(model.tokenize(text)).replaceAll('\u2581', ' ');
  for (const text of texts) t.is(roundTrip(text).trimStart(), text.trimStart());
  t.is(model.tokenize('').length, 0);
});

test('a real tokenizer gives every text back, and knows special tokens where they are written', async (t) => {
  const model = await loadTestModel('smollm2');
  for (const text of texts) t.is(model.detokenize(model.tokenize(text)), text);
  const [end, ...more] = model.tokenize('<|im_end|>');
  t.is(more.length, 0);
  t.true(model.isEndOfGeneration(end ?? -1));
  const tokens = Int32Array.from([...model.tokenize('left'), end ?? -1]);
  t.is(model.detokenize(tokens), 'left');
  t.is(model.detokenize(tokens, { special: true }), 'left<|im_end|>');
});

const refused = anyTest.macro({
  exec: async (t, bytes: () => Buffer, code: string, message: RegExp) => {
    const path = join(await temporaryFolder(t), 'a-model.gguf');
    await writeFile(path, bytes());
    const error = await t.throwsAsync(Model.load(path, { threads: 1 }), { code, message });
    t.true(error instanceof EngineError);
    t.log(error?.message);
  },
  title: (name) => `a file is refused by name and reason: ${name}`,
});

test('a recurrent model', refused, mambaGguf, 'ERR_MODEL_UNSUPPORTED', /"mamba".*recurrent/);
test('an encoder', refused, bertGguf, 'ERR_MODEL_UNSUPPORTED', /"bert".*attention/);
test('an unknown architecture', refused, unknownGguf, 'ERR_ENGINE', /a-model\.gguf.*perpetuum/s);
test('no GGUF', refused, () => Buffer.from('plain text'), 'ERR_ENGINE', /a-model\.gguf/);
test(
  'a GGUF cut short in its tensors',
  refused,
  () => encodeTinyModel().subarray(0, 500_000),
  'ERR_ENGINE',
  /a-model\.gguf.*complete/s,
);
test(
  'a GGUF cut short in its metadata',
  refused,
  () => encodeTinyModel().subarray(0, 700),
  'ERR_ENGINE',
  /a-model\.gguf/,
);

test('an absent file is named', async (t) => {
  const path = join(await temporaryFolder(t), 'absent.gguf');
  await t.throwsAsync(Model.load(path, { threads: 1 }), {
    instanceOf: EngineError,
    code: 'ERR_ENGINE',
    message: /absent\.gguf/,
  });
});

test('a snapshot of the wrong size is refused', (t) => {
  const { model } = t.context;
  const payload = new Uint8Array(10 * model.kvBytesPerToken);
  t.notThrows(() => model.snapshot(payload, 10));
  for (const nTokens of [9, 11]) {
    t.throws(() => model.snapshot(payload, nTokens), { code: 'ERR_SHAPE', message: /bytes/ });
  }
});

const item = (stream: NativeStream, tokens: Int32Array, nTargets = 1) => ({
  stream,
  tokens,
  targets: new Int32Array(nTargets),
  nIds: 0,
  keepLogits: true,
});

test('a stream beyond its capacity is refused, and takes what fits', async (t) => {
  const { model, snapshot } = t.context;
  const stream = model.stream(snapshot, dense, 10);
  const tokens = randomTokens(new Rng('tail'), 11);
  await t.throwsAsync(model.decode([item(stream, tokens)]), {
    instanceOf: EngineError,
    code: 'ERR_CAPACITY',
  });
  t.is(stream.nTail, 0);
  await model.decode([item(stream, tokens.slice(1))]);
  t.is(stream.nTail, 10);
  await t.throwsAsync(model.decode([item(stream, tokens.slice(0, 1))]), { code: 'ERR_CAPACITY' });
});

test('one stream in two items of a call is refused', async (t) => {
  const { model, snapshot } = t.context;
  const stream = model.stream(snapshot, dense, 10);
  const tokens = randomTokens(new Rng('tail'), 6);
  await t.throwsAsync(model.decode([item(stream, tokens), item(stream, tokens)]), {
    code: 'ERR_ENGINE',
    message: /stream/,
  });
  t.is(stream.nTail, 0);
});

for (const [name, chain] of Object.entries({ dense, ...sparseChains })) {
  test(`an item of several batches gives what two calls give: ${name}`, async (t) => {
    const { model, snapshot } = t.context;
    const tokens = randomTokens(new Rng('long'), 700);
    const stream = () => model.stream(snapshot, chain as NativeChain, 700);
    const [whole] = await model.decode([item(stream(), tokens, 8)]);
    const inTwo = stream();
    const [first] = await model.decode([item(inTwo, tokens.slice(0, 300), 0)]);
    const [second] = await model.decode([item(inTwo, tokens.slice(300), 8)]);
    t.is(inTwo.nTail, 700);
    t.is(second?.targetLogProbs.length, 8);
    const error = relativeError(
      second?.logits ?? new Float32Array(),
      whole?.logits ?? new Float32Array(),
    );
    t.true(error < 1e-5, String(error));
    const bytes = (first?.bytesRead ?? 0) + (second?.bytesRead ?? 0);
    t.is(whole?.bytesRead, bytes);
  });

  test(`a stream that goes back repeats itself: ${name}`, async (t) => {
    const { model, snapshot } = t.context;
    const tokens = randomTokens(new Rng('back'), 40);
    const stream = model.stream(snapshot, chain as NativeChain, 40);
    const [once] = await model.decode([item(stream, tokens, 40)]);
    stream.truncate(25);
    t.is(stream.nTail, 25);
    const [again] = await model.decode([item(stream, tokens.slice(25), 15)]);
    const end = once?.logits?.slice(25 * model.info.nVocab) ?? new Float32Array();
    const error = relativeError(again?.logits ?? new Float32Array(), end);
    t.true(error < 1e-5, String(error));
  });
}

test('two calls at once run one after another', async (t) => {
  const { model, snapshot } = t.context;
  const tokens = randomTokens(new Rng('at once'), 1500);
  const order: string[] = [];
  const run = async (name: string) => {
    const stream = model.stream(snapshot, dense, 1500);
    const onProgress = () => order.push(name);
    const [output] = await model.decode([item(stream, tokens)], { onProgress });
    order.push(`end of ${name}`);
    return output?.logits ?? new Float32Array();
  };
  const [first, second] = await Promise.all([run('first'), run('second')]);
  t.deepEqual(first, second);
  t.true(order.indexOf('second') > order.lastIndexOf('first'), order.join(', '));
  t.is(order.at(-1), 'end of second');
});

test('a failed call does not stop those behind it', async (t) => {
  const { model, snapshot } = t.context;
  const tokens = randomTokens(new Rng('fails'), 5);
  const failing = model.decode([item(model.stream(snapshot, dense, 1), tokens)]);
  const working = model.decode([item(model.stream(snapshot, dense, 5), tokens)]);
  await t.throwsAsync(failing, { code: 'ERR_CAPACITY' });
  t.is((await working).length, 1);
});

test('a signal stops a prefill, and the next one is whole', async (t) => {
  const { model } = t.context;
  const tokens = randomTokens(new Rng('prefill'), 3000);
  const controller = new AbortController();
  const reason = new Error('enough');
  const stopped = model.prefill(tokens, {
    signal: controller.signal,
    onProgress: () => controller.abort(reason),
  });
  t.is(await t.throwsAsync(stopped), reason);
  const payload = await model.prefill(tokens);
  t.is(payload.byteLength, 3000 * model.kvBytesPerToken);
  t.deepEqual(Buffer.from(await model.prefill(tokens)), Buffer.from(payload));
});

test('the event loop keeps turning while a decode runs', async (t) => {
  const { model, snapshot } = t.context;
  const tokens = randomTokens(new Rng('loop'), 512);
  const items = Array.from({ length: 24 }, () => item(model.stream(snapshot, dense, 512), tokens));
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await model.decode(items);
  clearInterval(timer);
  t.true(turns > 24, `${turns} turns in 24 batches`);
});
