import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { StorageError } from '../../ts/errors.js';
import { JournalStorage, listStudies, readStudy } from '../../ts/search/journal-storage.js';
import type { StudyRecord } from '../../ts/search/storage.js';
import { takeLock } from '../../ts/search/study-lock.js';
import { temporaryFolder } from '../helpers/folder.js';

const fail = (trial: number): StudyRecord => ({
  kind: 'fail',
  trial,
  to: 1,
  error: 'x'.repeat(20),
});
const journalOf = (home: string, name = 'one') => join(home, 'studies', name, 'journal.jsonl');

async function write(home: string, units: readonly (readonly StudyRecord[])[]): Promise<void> {
  const log = await new JournalStorage(home).open('one');
  for (const unit of units) await log.append(unit);
  await log.close();
}

test('a line has a sequence number and the CRC-32 of its content', async (t) => {
  const home = await temporaryFolder(t);
  await write(home, [[fail(0)], [fail(1), fail(2)]]);
  const lines = (await readFile(journalOf(home), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.deepEqual(
    lines.map(({ seq, rest, kind }) => [seq, rest, kind]),
    [
      [0, 0, 'fail'],
      [1, 1, 'fail'],
      [2, 0, 'fail'],
    ],
  );
  t.true(lines.every(({ crc }) => /^[0-9a-f]{8}$/.test(crc)));
});

test('a journal cut at any byte gives its whole units, a warning, and can be written on', async (t) => {
  const home = await temporaryFolder(t);
  await write(home, [[fail(0)], [fail(1), fail(2)], [fail(3)]]);
  const whole = await readFile(journalOf(home));
  const ends = [...whole.keys()].filter((i) => whole[i] === 0x0a).map((i) => i + 1);
  for (let length = 0; length <= whole.length; length++) {
    await writeFile(journalOf(home), whole.subarray(0, length));
    const log = await new JournalStorage(home).open('one');
    const nLines = ends.filter((end) => end <= length).length;
    const expected = [0, 1, 1, 3, 4][nLines] ?? 0;
    t.is(log.records.length, expected, `at byte ${length}`);
    const isBoundary = length === 0 || (ends.includes(length) && nLines !== 2);
    t.is(log.warnings.length, isBoundary ? 0 : 1, `at byte ${length}`);
    await log.append([fail(9)]);
    await log.close();
    const again = await new JournalStorage(home).open('one');
    t.is(again.records.length, expected + 1, `at byte ${length}`);
    t.deepEqual([...again.warnings], []);
    await again.close();
  }
});

test('garbage after the last line is skipped and reported', async (t) => {
  const home = await temporaryFolder(t);
  await write(home, [[fail(0)]]);
  await appendFile(journalOf(home), '\0\0\0\0');
  const log = await new JournalStorage(home).open('one');
  t.is(log.records.length, 1);
  t.regex(log.warnings[0] ?? '', /Skipped 4 bytes at the end/);
  await log.close();
});

test('a damaged line in the middle is an error that names it', async (t) => {
  const home = await temporaryFolder(t);
  await write(home, [[fail(0)], [fail(1)], [fail(2)]]);
  const text = await readFile(journalOf(home), 'utf8');
  await writeFile(journalOf(home), text.replace('"trial":1', '"trial":7'));
  const error = await t.throwsAsync(new JournalStorage(home).open('one'), {
    instanceOf: StorageError,
    code: 'ERR_STORAGE',
  });
  t.regex(
    error?.message ?? '',
    /Line 2 of .*journal\.jsonl is damaged \(its checksum does not match\)/,
  );
  await t.throwsAsync(readStudy(home, 'one'), { code: 'ERR_STORAGE' });
});

test('a missing line is an error', async (t) => {
  const home = await temporaryFolder(t);
  await write(home, [[fail(0)], [fail(1)], [fail(2)]]);
  const lines = (await readFile(journalOf(home), 'utf8')).split('\n');
  await writeFile(journalOf(home), [lines[0], lines[2], lines[2], ''].join('\n'));
  await t.throwsAsync(new JournalStorage(home).open('one'), {
    message: /Line 2 .*sequence number is 2 instead of 1/,
  });
});

const HOLDER = `
const [home, module] = process.argv.slice(1);
const { JournalStorage } = await import(module);
const log = await new JournalStorage(home).open('one');
await log.append([{ kind: 'finish', reason: 'budget' }]);
console.log('open');
setInterval(() => {}, 1000);
`;

const MODULE = new URL('../../ts/search/journal-storage.js', import.meta.url).href;

test('a live writer keeps others out and is named; one that was killed does not', async (t) => {
  const home = await temporaryFolder(t);
  const holder = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, home, MODULE]);
  t.teardown(() => holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');
  const error = await t.throwsAsync(new JournalStorage(home).open('one'), {
    instanceOf: StorageError,
    code: 'ERR_STUDY_LOCKED',
  });
  t.regex(error?.message ?? '', new RegExp(`process ${holder.pid}.*wait until it ends, stop it`));
  t.is((await readStudy(home, 'one')).writer, holder.pid);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  t.is((await readStudy(home, 'one')).writer, undefined);
  const log = await new JournalStorage(home).open('one');
  t.is(log.records.length, 1);
  await log.close();
});

for (let round = 0; round < 20; round++) {
  test(`of many that find a dead writer's lock one gets it (${round})`, async (t) => {
    const home = await temporaryFolder(t);
    const storage = new JournalStorage(home);
    await write(home, [[fail(0)]]);
    const stale = { pid: 2 ** 22 + 1, host: hostname(), started: '1', id: 'gone' };
    const lock = join(home, 'studies', 'one', 'lock');
    await writeFile(lock, JSON.stringify(stale));
    // A guard of a process that died while it removed the lock is in the way of half of the rounds.
    if (round % 2 === 1)
      await writeFile(`${lock}.gone-gone`, JSON.stringify({ ...stale, id: 'guard' }));
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => storage.open('one')));
    const winners = tries.flatMap((outcome) =>
      outcome.status === 'fulfilled' ? [outcome.value] : [],
    );
    t.is(winners.length, 1);
    await winners[0]?.close();
    t.deepEqual(await readdir(join(home, 'studies', 'one')), ['journal.jsonl']);
  });
}

test('a lock whose owner cannot be read is taken over', async (t) => {
  const home = await temporaryFolder(t);
  await write(home, [[fail(0)]]);
  await writeFile(join(home, 'studies', 'one', 'lock'), '{"pid"');
  const log = await new JournalStorage(home).open('one');
  t.is(log.records.length, 1);
  await log.close();
});

test('the lock of another host counts as held, and the cure is named', async (t) => {
  const home = await temporaryFolder(t);
  await write(home, [[fail(0)]]);
  const lock = join(home, 'studies', 'one', 'lock');
  await writeFile(lock, JSON.stringify({ pid: 1, host: 'elsewhere', started: '1', id: 'far' }));
  const error = await t.throwsAsync(new JournalStorage(home).open('one'), {
    code: 'ERR_STUDY_LOCKED',
  });
  t.regex(error?.message ?? '', /process 1 on elsewhere; if it has ended, delete .*lock/);
});

const FILLER = `
const [home, module] = process.argv.slice(1);
const { JournalStorage } = await import(module);
const log = await new JournalStorage(home).open('one');
for (let trial = 0; ; trial++) {
  try {
    await log.append([{ kind: 'fail', trial, to: 1, error: 'x'.repeat(40) }]);
  } catch (error) {
    console.log(JSON.stringify({ code: error.code, message: error.message, records: log.records.length }));
    break;
  }
}
await log.close();
`;

// The limit on the size of a file is a shell's; Windows has none.
const unixTest = process.platform === 'win32' ? () => undefined : test;

unixTest(
  'a file that cannot grow is a storage error, stays readable and can be written on',
  async (t) => {
    const home = await temporaryFolder(t);
    const command = 'ulimit -f 2; exec "$0" --input-type=module -e "$1" "$2" "$3"';
    const { stdout } = await promisify(execFile)('bash', [
      '-c',
      command,
      process.execPath,
      FILLER,
      home,
      MODULE,
    ]);
    const { code, message, records } = JSON.parse(stdout);
    t.is(code, 'ERR_STORAGE');
    t.regex(message, /Cannot write .*no space left; free some and resume/);
    t.true(records > 5);
    const log = await new JournalStorage(home).open('one');
    t.is(log.records.length, records);
    t.deepEqual([...log.warnings], []);
    await log.append([fail(99)]);
    await log.close();
  },
);

test('studies are listed and read without a lock', async (t) => {
  const home = await temporaryFolder(t);
  t.deepEqual(await listStudies(home), []);
  const storage = new JournalStorage(home);
  const [two, one] = await Promise.all([storage.open('two'), storage.open('one')]);
  t.deepEqual(await listStudies(home), ['one', 'two']);
  t.is((await readStudy(home, 'two')).state.trials.length, 0);
  await Promise.all([two.close(), one.close()]);
});

test('an unknown study is refused with the nearest name', async (t) => {
  const home = await temporaryFolder(t);
  await write(home, [[fail(0)]]).catch(() => undefined);
  await t.throwsAsync(readStudy(home, 'onee'), {
    instanceOf: StorageError,
    code: 'ERR_STUDY_NOT_FOUND',
    message: /no study onee.*did you mean one\?/,
  });
  t.is((await stat(journalOf(home))).isFile(), true);
  await truncate(journalOf(home), 0);
});

test('a name that is no file name is refused', async (t) => {
  const storage = new JournalStorage(await temporaryFolder(t));
  for (const name of ['', '../up', 'a/b', '.hidden', 'x'.repeat(300)]) {
    await t.throwsAsync(storage.open(name), { instanceOf: TypeError, message: /a study name/ });
  }
});

test('a folder that cannot be made or written is an error that says why', async (t) => {
  const home = await temporaryFolder(t);
  await writeFile(join(home, 'studies'), 'a file in its place');
  await t.throwsAsync(new JournalStorage(home).open('one'), {
    code: 'ERR_STORAGE',
    message: /^Cannot create .*studies.*: E(EXIST|NOTDIR)/,
  });
  await t.throwsAsync(takeLock(join(home, 'studies', 'lock')), {
    code: 'ERR_STORAGE',
    message: /^Cannot create the lock .*: ENOTDIR/,
  });
});
