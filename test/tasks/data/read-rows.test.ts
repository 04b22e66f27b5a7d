import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readRows } from '../../../ts/tasks/data/read-rows.js';
import type { Row } from '../../../ts/tasks/data/row.js';
import { jsonLinesOf, parquetOf } from '../../helpers/data-rows.js';
import { temporaryFolder } from '../../helpers/folder.js';

const rows = [
  { context: 'a long text\nin two lines', answer: ['one', 'two'], max_new_tokens: 26 },
  { context: 'ein länger Text, 日本', answer: ['three'], max_new_tokens: 128 },
];

async function written(t: ExecutionContext, name: string, content: Buffer | string) {
  const path = join(await temporaryFolder(t), name);
  await writeFile(path, content);
  return path;
}

const reads = test.macro({
  async exec(t, name: string, content: Buffer | string) {
    const found = await readRows(await written(t, name, content));
    const values = found.map((row) => ({
      context: row.text('context'),
      answer: row.texts('answer'),
      max_new_tokens: row.count('max_new_tokens'),
    }));
    t.deepEqual(values, rows);
  },
  title: (_, name) => `the rows of ${name} are those that were written`,
});

test(reads, 'rows.parquet', parquetOf(rows));
test(reads, 'rows.jsonl', jsonLinesOf(rows));
test('blank lines and carriage returns of a JSONL file are passed over', async (t) => {
  const text = `\n${rows.map((row) => JSON.stringify(row)).join('\r\n\r\n')}\r\n`;
  t.is((await readRows(await written(t, 'rows.jsonl', text))).length, 2);
});
test(reads, 'rows.json', JSON.stringify(rows));
for (const [name, text] of [
  ['rows.jsonl', jsonLinesOf(rows)],
  ['rows.json', JSON.stringify(rows)],
] as const) {
  test(`a byte order mark before ${name} is passed over`, async (t) => {
    const [first] = await readRows(await written(t, name, `\u{feff}${text}`));
    t.is(first?.text('context'), 'a long text\nin two lines');
  });
}
test('only a line feed ends a line: a text may hold the other separators of Unicode', async (t) => {
  const context = `x${'long '.repeat(50_000)}\u{2028}\u{2029}\u{85}\u{1f600}`;
  const text = `${JSON.stringify({ context })}\n${JSON.stringify({ context: 'b' })}`;
  const found = await readRows(await written(t, 'rows.jsonl', text));
  t.deepEqual(
    found.map((row) => row.text('context')),
    [context, 'b'],
  );
});

const refuses = test.macro({
  async exec(t, name: string, content: Buffer | string, message: RegExp) {
    const path = await written(t, name, content);
    await t.throwsAsync(readRows(path), { code: 'ERR_DATA', message });
  },
  title: (what = 'it', name) => `${name} is refused: ${what}`,
});

test(
  'no JSON',
  refuses,
  'a.jsonl',
  '{"context": "x"}\n\n{"context": \n',
  /^a\.jsonl, line 3 is no JSON: /,
);
test(
  'no object',
  refuses,
  'a.jsonl',
  '{"context": "x"}\n[1]\n',
  /^a\.jsonl, line 2 is no JSON object/,
);
test('no list', refuses, 'a.json', '{"context": "x"}', /holds no list of rows/);
test(
  'an entry that is no object',
  refuses,
  'a.json',
  '[{"context": "x"}, 3]',
  /^a\.json, row 2 is no JSON object/,
);
test('too short', refuses, 'a.parquet', 'PAR1 and no more', /is no Parquet file that can be read/);
test(
  'cut off',
  refuses,
  'a.parquet',
  parquetOf(rows).subarray(0, 200),
  /is no Parquet file that can be read/,
);

const names = test.macro({
  async exec(t, read: (row: Row) => unknown, message: RegExp) {
    const row = { context: 7, question: null, answer: [{}], max_new_tokens: 0, length: 'huge' };
    const [found] = await readRows(await written(t, 'b.jsonl', JSON.stringify(row)));
    t.throws(() => found && read(found), { code: 'ERR_DATA', message });
  },
  title: (what) => `a column is refused: ${what}`,
});

test(
  'missing',
  names,
  (row) => row.text('text'),
  /^b\.jsonl, line 1: the column "text" is missing \(it has /,
);
test('null', names, (row) => row.text('question'), /the column "question" is missing/);
test('no text', names, (row) => row.text('context'), /the column "context" is no text, but 7/);
test(
  'no texts',
  names,
  (row) => row.texts('answer'),
  /"answer" is no text, a number or a list of those, but /,
);
test(
  'no count',
  names,
  (row) => row.count('max_new_tokens'),
  /"max_new_tokens" is no whole number of at least/,
);
test(
  'no choice',
  names,
  (row) => row.optionalChoice('length', ['short', 'long']),
  /the column "length" is no one of short, long, but "huge"/,
);
