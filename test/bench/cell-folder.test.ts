import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type AnswerRow, CellFolder } from '../../ts/bench/cell-folder.js';
import { temporaryFolder } from '../helpers/folder.js';
import { answerRow } from '../helpers/reports.js';

const config = {
  schema: 1,
  identity: { task: 'a@1', seed: 0, config: { maskers: [] } },
  sparseConfig: { maskers: [] },
  source: { kind: 'dense' },
  options: {},
  provenance: {},
} as const;

async function folderWith(t: ExecutionContext, ...rows: AnswerRow[]) {
  const folder = new CellFolder(join(await temporaryFolder(t), 'cell'));
  await (await folder.claim(config, { restart: false }))();
  if (rows.length > 0) await folder.append(rows);
  return { folder, raw: join(folder.path, 'raw.jsonl') };
}

const ids = async (folder: CellFolder) => [...(await folder.rows()).rows.keys()];

test('answers are appended and read back as they were', async (t) => {
  const { folder } = await folderWith(t, answerRow('a'), answerRow('b', { score: null }));
  await folder.append([answerRow('c', { prediction: 'two\nlines' })]);
  const { rows, damaged } = await folder.rows();
  t.deepEqual(
    [...rows.values()],
    [answerRow('a'), answerRow('b', { score: null }), answerRow('c', { prediction: 'two\nlines' })],
  );
  t.is(damaged, 0);
});

test('a line that was torn is passed over, and removed when more is appended', async (t) => {
  const { folder, raw } = await folderWith(t, answerRow('a'));
  await appendFile(raw, JSON.stringify(answerRow('torn')).slice(0, 50));
  t.like(await folder.rows(), { damaged: 1 });
  await folder.append([answerRow('b')]);
  t.deepEqual(await ids(folder), ['a', 'b']);
  t.is((await folder.rows()).damaged, 0);
  t.is((await readFile(raw, 'utf8')).split('\n').length, 3);
});

test('a whole last line that lacks its end is kept', async (t) => {
  const { folder, raw } = await folderWith(t, answerRow('a'));
  await truncate(raw, (await readFile(raw)).length - 1);
  await folder.append([answerRow('b')]);
  t.deepEqual(await ids(folder), ['a', 'b']);
  t.is((await folder.rows()).damaged, 0);
});

test('a line without an answer is passed over', async (t) => {
  const { folder, raw } = await folderWith(t, answerRow('a'));
  await appendFile(raw, 'null\n{"id":"x"}\n[]\n');
  t.deepEqual(await ids(folder), ['a']);
  t.is((await folder.rows()).damaged, 3);
});

test('a folder without answers goes together with any run', async (t) => {
  const { folder } = await folderWith(t);
  t.is(await folder.conflict({ task: 'other' }), undefined);
  t.is(await new CellFolder(join(folder.path, 'nothing')).conflict({}), undefined);
});

test('answers of another run are told by what differs first', async (t) => {
  const { folder } = await folderWith(t, answerRow('a'));
  t.is(await folder.conflict({ ...config.identity }), undefined);
  t.is(await folder.conflict({ ...config.identity, seed: 1 }), 'its seed was 0 and is 1 now');
  const { seed: _seed, ...others } = config.identity;
  t.is(await folder.conflict(others), 'its seed was 0 and is not set now');
  t.is(
    await folder.conflict({ ...config.identity, maxNewTokens: 4 }),
    'its maxNewTokens was not set and is 4 now',
  );
  await writeFile(join(folder.path, 'config.json'), '{');
  t.regex((await folder.conflict(config.identity)) ?? '', /config\.json is missing or damaged/);
});

test('a folder has one owner at a time', async (t) => {
  const { folder } = await folderWith(t);
  const release = await folder.claim(config, { restart: false });
  await t.throwsAsync(folder.claim(config, { restart: false }), {
    code: 'ERR_STUDY_LOCKED',
    message: /cell is in use by process .*another --result-dir/,
  });
  await release();
  await (await folder.claim(config, { restart: false }))();
});

test('to begin anew removes the answers', async (t) => {
  const { folder } = await folderWith(t, answerRow('a'));
  await (await folder.claim(config, { restart: true }))();
  t.deepEqual(await ids(folder), []);
});

test('a report that cannot be read is none', async (t) => {
  const { folder } = await folderWith(t);
  t.is(await folder.report(), undefined);
  for (const text of ['{', 'null', '{"schema":2}', '{"schema":1,"model":3}']) {
    await writeFile(join(folder.path, 'metrics.json'), text);
    t.is(await folder.report(), undefined);
  }
});
