import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { resolveTask, resolveTasks } from '../../../ts/tasks/registry.js';
import { splits, type TaskQuestion } from '../../../ts/tasks/task.js';
import { jsonLinesOf, parquetOf } from '../../helpers/data-rows.js';
import { temporaryFolder } from '../../helpers/folder.js';
import { toyTools } from '../../helpers/toy-tokenizer.js';

const rows = Array.from({ length: 6 }, (_, i) => ({
  context: `Text ${i}. It says ${i * 11}.\n`,
  question: 'What does it say?',
  answer: String(i * 11),
}));

async function written(t: ExecutionContext, files: Readonly<Record<string, string | Buffer>>) {
  const folder = await temporaryFolder(t);
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

const tools = toyTools();

async function questionsOf(id: string): Promise<TaskQuestion[]> {
  const task = resolveTask(id);
  const all = await Promise.all(splits.map((split) => task.contexts(split, tools)));
  return all.flat().flatMap(({ questions }) => questions);
}

test('a file is one task, named by its name and known by its content', async (t) => {
  const folder = await written(t, { 'my.jsonl': jsonLinesOf(rows) });
  const task = resolveTask(`file:${folder}/my.jsonl@256`, { truncate: 'middle' });
  t.is(task.id, 'file:my.jsonl@256');
  t.is(task.source, `file:${folder}/my.jsonl@256`);
  await task.prepare?.();
  const { data } = task.parameters;
  t.regex(String(data), /^sha256:[0-9a-f]{64}$/);
  t.like(task.parameters, { length: 256, truncate: 'middle', promptStyle: 'auto' });
  await writeFile(join(folder, 'my.jsonl'), jsonLinesOf(rows.slice(1)));
  const changed = resolveTask(`file:${folder}/my.jsonl@256`);
  await changed.prepare?.();
  t.not(changed.parameters['data'], data);
});

test('the splits hold every context once', async (t) => {
  const folder = await written(t, { 'my.jsonl': jsonLinesOf(rows) });
  const questions = await questionsOf(`file:${folder}/my.jsonl`);
  t.deepEqual(
    questions.map(({ references }) => references[0]).sort(),
    rows.map(({ answer }) => answer).sort(),
  );
});

test('a folder holds prompts in text files and rows in others, taken by their names', async (t) => {
  const folder = await written(t, {
    'b.txt': 'Read this.\n\nWhat is it?\n',
    'a.parquet': parquetOf(rows.slice(0, 2)),
    'c.jsonl': jsonLinesOf(rows.slice(2, 4)),
    'notes.md': 'not a prompt',
  });
  await mkdir(join(folder, 'below.txt'));
  const task = resolveTask(`file:${folder}/`);
  t.false(task.id.endsWith('/'));
  const questions = await questionsOf(`file:${folder}/`);
  t.is(questions.length, 5);
  t.is(questions.filter(({ references }) => references.length === 0).length, 1);
});

test('a byte order mark is no part of a prompt', async (t) => {
  const texts = ['a', 'b', 'c'].map((name) => [`${name}.txt`, `\u{feff}Read ${name}.\n\nWhat?`]);
  const task = resolveTask(`file:${await written(t, Object.fromEntries(texts))}`);
  const contexts = await task.contexts('test', tools);
  t.regex(contexts[0]?.text ?? '', /^Read/);
});

test('an answer is scored by the metric of its row, and settled once it is found', async (t) => {
  const mixed = rows.map((row, i) => ({ ...row, ...(i % 2 === 0 && { metric: 'first_integer' }) }));
  const folder = await written(t, { 'my.jsonl': jsonLinesOf(mixed) });
  const task = resolveTask(`file:${folder}/my.jsonl`);
  for (const question of await questionsOf(`file:${folder}/my.jsonl`)) {
    const [answer = ''] = question.references;
    const prediction = `of 3 it is ${answer}`;
    const isMatch = question.metric === 'string_match_part';
    t.is(task.score(prediction, question), isMatch ? 1 : 0);
    t.is(task.isSettled?.(prediction, question), isMatch);
  }
});

const refuses = test.macro({
  async exec(t, name: string, content: string | Buffer, message: RegExp) {
    const folder = await written(t, { [name]: content });
    const task = resolveTask(`file:${folder}/${name}`);
    await t.throwsAsync(async () => task.prepare?.(), { code: 'ERR_DATA', message });
  },
  title: (what = '') => `${what} is refused before anything runs`,
});

test(
  'a row that is wrong',
  refuses,
  'my.jsonl',
  jsonLinesOf([...rows, { question: 'a' }]),
  /^my\.jsonl, line 7: the column "context" is missing/,
);
test(
  'a line that is no JSON',
  refuses,
  'my.jsonl',
  `${jsonLinesOf(rows)}{`,
  /^my\.jsonl, line 7 is no JSON/,
);
test(
  'a file with two contexts',
  refuses,
  'my.jsonl',
  jsonLinesOf(rows.slice(0, 2)),
  /my\.jsonl has 2 different contexts, and at least 3 are needed/,
);
test('a file of another kind', refuses, 'my.csv', 'a,b', /is no file of prompts: use \.jsonl, /);

test('a path that is not there, and a folder without prompts, are refused', async (t) => {
  const folder = await temporaryFolder(t);
  const prepare = async (path: string) => resolveTask(`file:${path}`).prepare?.();
  await t.throwsAsync(prepare(join(folder, 'no.jsonl')), {
    code: 'ERR_DATA',
    message: /no\.jsonl cannot be read: ENOENT/,
  });
  await t.throwsAsync(prepare(folder), { code: 'ERR_DATA', message: /has no prompts/ });
});

test('two files with one name are not mixed up', (t) => {
  t.throws(() => resolveTasks(['file:a/my.jsonl', 'file:b/my.jsonl']), {
    code: 'ERR_TASK',
    message: /a\/my\.jsonl and file:.*b\/my\.jsonl are both file:my\.jsonl in results\. Rename/,
  });
  t.is(resolveTasks(['file:a/my.jsonl', 'file:./a/my.jsonl']).length, 1);
});
