import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { EvaluationStore } from '../../ts/engine/evaluation-store.js';
import { temporaryFolder } from '../helpers/folder.js';
import { metrics } from '../helpers/winners.js';

const chain = { maskers: [{ kind: 'sink', sinkSize: 4 }], seed: 0 };
const other = { ...chain, seed: 1 };
const result = (kl: number) => ({ metrics: metrics({ kl }) });

async function empty(t: ExecutionContext) {
  const path = join(await temporaryFolder(t), 'a', 'b.jsonl');
  const warnings: string[] = [];
  const open = async () => {
    const store = new EvaluationStore(path, (message) => warnings.push(message));
    await store.load();
    return store;
  };
  return { path, warnings, open };
}

test('what was measured is known to the next process, by chain, seed and question', async (t) => {
  const { open, warnings } = await empty(t);
  const store = await open();
  await store.add([
    { chain, index: 0, result: result(1) },
    { chain, index: 3, result: { ...result(2), answer: 'a "b"\n' } },
    { chain: other, index: 0, result: result(3) },
  ]);
  for (const reader of [store, await open()]) {
    t.deepEqual(reader.get(chain, 0), result(1));
    t.deepEqual(reader.get({ seed: 0, maskers: [{ sinkSize: 4, kind: 'sink' }] }, 0), result(1));
    t.deepEqual(reader.get(chain, 3), { ...result(2), answer: 'a "b"\n' });
    t.deepEqual(reader.get(other, 0), result(3));
    t.is(reader.get(other, 3), undefined);
  }
  t.deepEqual(warnings, []);
});

test('a later measurement adds what the first left out', async (t) => {
  const { open } = await empty(t);
  const store = await open();
  await store.add([{ chain, index: 0, result: { ...result(1), answer: 'x' } }]);
  await store.add([{ chain, index: 0, result: { metrics: metrics({ kl: 1, outputError: 0.5 }) } }]);
  const expected = { metrics: metrics({ kl: 1, outputError: 0.5 }), answer: 'x' };
  t.deepEqual((await open()).get(chain, 0), expected);
});

test('a torn or damaged line loses itself alone', async (t) => {
  const { path, open, warnings } = await empty(t);
  await (await open()).add([{ chain, index: 0, result: result(1) }]);
  const whole = await readFile(path, 'utf8');
  await appendFile(path, whole.slice(0, -7)); // a writer that was killed
  await (await open()).add([{ chain, index: 1, result: result(2) }]);
  const store = await open();
  t.deepEqual(store.get(chain, 0), result(1));
  t.deepEqual(store.get(chain, 1), result(2));
  await writeFile(path, (await readFile(path, 'utf8')).replace('"kl":1,', '"kl":7,'));
  t.is((await open()).get(chain, 0), undefined);
  t.deepEqual(warnings, []);
});

test('two writers share a file', async (t) => {
  const { open } = await empty(t);
  const stores = await Promise.all([open(), open()]);
  const writes = Array.from({ length: 40 }, (_, index) =>
    stores[index % 2]?.add([{ chain, index, result: result(index) }]),
  );
  await Promise.all(writes);
  const store = await open();
  for (let index = 0; index < 40; index++) t.deepEqual(store.get(chain, index), result(index));
});

test('a folder that cannot be written costs the memory, not the search', async (t) => {
  const { path, open, warnings } = await empty(t);
  await writeFile(join(path, '..', '..', 'a'), 'a file in place of the folder');
  const store = await open();
  await store.add([{ chain, index: 0, result: result(1) }]);
  await store.add([{ chain, index: 1, result: result(2) }]);
  t.deepEqual(store.get(chain, 1), result(2));
  t.is(warnings.filter((message) => message.startsWith('Evaluations are not kept')).length, 1);
});

test('chains with learned weights are measured each time, since their file may change', async (t) => {
  const { open } = await empty(t);
  const learned = { maskers: [{ kind: 'hash_top_k', heavySize: 4, hatWeightFile: 'w' }] };
  const store = await open();
  await store.add([{ chain: learned, index: 0, result: result(1) }]);
  t.is(store.get(learned, 0), undefined);
});
