import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { TimeBook, type Work } from '../../ts/bench/time-book.js';
import { temporaryFolder } from '../helpers/folder.js';

const work = (changes: Partial<Work> = {}): Work => ({
  kind: 'answers',
  task: 'niah_mq8@512',
  config: 'quest',
  contextTokens: 500,
  amount: 10,
  ...changes,
});

test('an estimate comes from the same work, else the same task, else the nearest length', async (t) => {
  const book = await TimeBook.open(await temporaryFolder(t), 'm');
  t.is(book.estimate(work()), undefined);
  t.deepEqual(book.estimate(work({ amount: 0 })), { ms: 0, basis: 'same' });
  book.note(work({ task: 'niah_mq8@8192', contextTokens: 8000 }), 9000);
  book.note(work({ task: 'niah_mq8@1024', contextTokens: 1000 }), 200);
  t.deepEqual(book.estimate(work({ amount: 5 })), { ms: 100, basis: 'other' });
  book.note(work({ config: 'top_p' }), 50);
  book.note(work({ config: 'dense' }), 30);
  t.deepEqual(book.estimate(work()), { ms: 40, basis: 'task' });
  book.note(work(), 70);
  t.deepEqual(book.estimate(work({ amount: 20 })), { ms: 140, basis: 'same' });
  t.is(book.estimate(work({ kind: 'prefill' })), undefined);
});

test('a later measurement takes the place of an earlier one, and both outlive the process', async (t) => {
  const home = await temporaryFolder(t);
  const book = await TimeBook.open(home, 'm');
  book.note(work(), 70);
  book.note(work({ amount: 1 }), 9);
  book.note(work({ amount: 0, config: 'other' }), 9);
  await book.save();
  const again = await TimeBook.open(home, 'm');
  t.deepEqual(again.estimate(work()), { ms: 90, basis: 'same' });
  t.deepEqual(again.estimate(work({ config: 'other' })), { ms: 90, basis: 'task' });
  t.is((await TimeBook.open(home, 'another')).estimate(work()), undefined);
});

for (const text of ['{', '{}', '{"entries":[{"msPerUnit":"x"}]}']) {
  test(`a book that holds ${text} is empty`, async (t) => {
    const home = await temporaryFolder(t);
    await mkdir(join(home, 'times'));
    await writeFile(join(home, 'times', 'm.json'), text);
    t.is((await TimeBook.open(home, 'm')).estimate(work()), undefined);
  });
}
