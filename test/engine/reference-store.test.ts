import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  type ReferenceKey,
  type ReferenceSet,
  ReferenceStore,
} from '../../ts/engine/reference-store.js';
import { temporaryFolder } from '../helpers/folder.js';

const question = {
  id: 'q',
  context: 0,
  promptTokens: Int32Array.of(1, 2, 3),
  goldTokens: Int32Array.of(4, 5),
  maxNewTokens: 24,
};

const key: ReferenceKey = {
  fingerprint: 'f',
  kvType: 'f16',
  llamaCpp: '1',
  isa: 'avx2',
  contexts: [{ id: 'c', tokens: Int32Array.of(7, 8, 9) }],
  questions: [question, { ...question, promptTokens: Int32Array.of(6) }],
  grader: 'task 1',
};

const reference = (seed: number) => ({
  ids: Int32Array.of(seed, -1, 2 ** 31 - 1, 0),
  logProbs: Float32Array.of(-0.1 * seed, -1e-30, -88.5, Number.NEGATIVE_INFINITY),
  goldLogProbs: Float32Array.of(-seed / 3, -0),
  argmax: Int32Array.of(seed, seed + 1),
});

const set: ReferenceSet = {
  references: [reference(1), reference(2)],
  answers: ['a "quoted"\nanswer', '日本\u2028'],
  scores: [0.25, 1],
  noiseFloorKl: 1.25e-7,
  elapsedMs: 12.5,
};

async function stored(t: ExecutionContext) {
  const warnings: string[] = [];
  const folder = await temporaryFolder(t);
  const store = new ReferenceStore(folder, (message) => warnings.push(message));
  await store.write(key, set);
  const [name = ''] = await readdir(folder);
  return { store, warnings, path: join(folder, name) };
}

test('a stored reference is read back number by number', async (t) => {
  const { store, warnings } = await stored(t);
  t.deepEqual(await store.read(key), set);
  t.deepEqual(warnings, []);
});

test("dense's answers in place of gold, and scores that are absent, are read back", async (t) => {
  const store = new ReferenceStore(await temporaryFolder(t));
  const open = { ...key, questions: [{ ...question, goldTokens: undefined }, question] };
  const answered = { ...set, scores: [null, 1], gold: [[4, 5, 2], null] };
  await store.write(open, answered);
  t.deepEqual(await store.read(open), answered);
});

test('a view into a larger array is stored as what it shows', async (t) => {
  const store = new ReferenceStore(await temporaryFolder(t));
  const all = Float32Array.of(1, 2, 3, 4, 5, 6);
  const view = { ...reference(1), logProbs: all.subarray(1, 5) };
  await store.write(key, { ...set, references: [view] });
  const read = await store.read(key);
  t.deepEqual([...(read?.references[0]?.logProbs ?? [])], [2, 3, 4, 5]);
});

test('nothing stored is nothing, without a warning', async (t) => {
  const warnings: string[] = [];
  const store = new ReferenceStore(await temporaryFolder(t), (text) => warnings.push(text));
  t.is(await store.read(key), undefined);
  t.deepEqual(warnings, []);
});

const changes: Record<string, ReferenceKey> = {
  'another model': { ...key, fingerprint: 'g' },
  'another llama.cpp': { ...key, llamaCpp: '2' },
  'another instruction set': { ...key, isa: 'scalar' },
  'another context': { ...key, contexts: [{ id: 'c', tokens: Int32Array.of(7, 8, 8) }] },
  'one question less': { ...key, questions: key.questions.slice(1) },
  'another order of questions': { ...key, questions: key.questions.toReversed() },
  'another prompt': {
    ...key,
    questions: [{ ...question, promptTokens: Int32Array.of(1, 2, 4) }, ...key.questions.slice(1)],
  },
  'a border moved between prompt and gold': {
    ...key,
    questions: [
      { ...question, promptTokens: Int32Array.of(1, 2), goldTokens: Int32Array.of(3, 4, 5) },
      ...key.questions.slice(1),
    ],
  },
  'another gold answer': {
    ...key,
    questions: [{ ...question, goldTokens: Int32Array.of(4, 6) }, ...key.questions.slice(1)],
  },
  'no gold': {
    ...key,
    questions: [{ ...question, goldTokens: undefined }, ...key.questions.slice(1)],
  },
  'a question that is not graded': {
    ...key,
    questions: [{ ...question, isGraded: false }, ...key.questions.slice(1)],
  },
  'another limit': {
    ...key,
    questions: [{ ...question, maxNewTokens: 23 }, ...key.questions.slice(1)],
  },
  'a question over another context': {
    ...key,
    questions: [{ ...question, context: 1 }, ...key.questions.slice(1)],
  },
};

for (const [name, other] of Object.entries(changes)) {
  test(`${name} is another reference`, async (t) => {
    const { store, warnings } = await stored(t);
    t.is(await store.read(other), undefined);
    t.deepEqual(warnings, []);
  });
}

test('the names of contexts and questions do not matter', async (t) => {
  const { store } = await stored(t);
  const questions = key.questions.map((each) => ({ ...each, id: 'another' }));
  t.deepEqual(await store.read({ ...key, questions }), set);
});

const damage = test.macro({
  exec: async (t, spoil: (path: string) => Promise<void>) => {
    const { store, warnings, path } = await stored(t);
    await spoil(path);
    t.is(await store.read(key), undefined);
    t.is(warnings.length, 1);
    t.true(warnings[0]?.includes(path));
    await store.write(key, set);
    t.deepEqual(await store.read(key), set, 'and it can be stored again');
  },
  title: (name) => `a reference file ${name} counts as absent, with a warning`,
});

async function edit(path: string, change: (text: string) => string): Promise<void> {
  await writeFile(path, change(await readFile(path, 'utf8')));
}

test('cut short', damage, (path) => truncate(path, 100));
test('that is empty', damage, (path) => truncate(path, 0));
test('that is other JSON', damage, (path) => writeFile(path, '{"references":3}'));
test('with a changed number', damage, (path) =>
  edit(path, (text) => text.replace('"noiseFloorKl":1.25e-7', '"noiseFloorKl":1.25e-1')),
);
test('with a changed digit in an array', damage, (path) =>
  edit(path, (text) => text.replace(/"ids":"./, '"ids":"/')),
);
test('with a reference less', damage, (path) =>
  edit(path, (text) => {
    const whole = JSON.parse(text) as { references: unknown[] };
    return JSON.stringify({ ...whole, references: whole.references.slice(1) });
  }),
);

test('a folder that cannot be written is a warning, not a failure', async (t) => {
  const warnings: string[] = [];
  const file = join(await temporaryFolder(t), 'a file');
  await writeFile(file, '');
  const store = new ReferenceStore(join(file, 'below'), (message) => warnings.push(message));
  await store.write(key, set);
  t.is(warnings.length, 1);
});
