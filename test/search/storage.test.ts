import test, { type ExecutionContext } from 'ava';
import { StorageError } from '../../ts/errors.js';
import { JournalStorage } from '../../ts/search/journal-storage.js';
import { MemoryStorage } from '../../ts/search/memory-storage.js';
import type { Storage, StudyRecord } from '../../ts/search/storage.js';
import { temporaryFolder } from '../helpers/folder.js';

const ask: StudyRecord = {
  kind: 'ask',
  batch: 0,
  jobs: [{ trial: 0, from: 0, to: 3, params: { x: 0.1 + 0.2, kind: 'ä\n"', none: null } }],
};
const report: StudyRecord = {
  kind: 'report',
  trial: 0,
  to: 3,
  metrics: { kl: 1e-300 },
  value: 1e-300,
  violation: 0,
};

/** What holds for every storage. */
const storages: Readonly<Record<string, (t: ExecutionContext) => Promise<Storage>>> = {
  MemoryStorage: async () => new MemoryStorage(),
  JournalStorage: async (t) => new JournalStorage(await temporaryFolder(t)),
};

for (const [name, create] of Object.entries(storages)) {
  test(`${name}: a new study has no records`, async (t) => {
    const log = await (await create(t)).open('one');
    t.deepEqual([...log.records], []);
    t.deepEqual([...log.warnings], []);
    await log.close();
  });

  test(`${name}: records come back in order and unchanged`, async (t) => {
    const storage = await create(t);
    const log = await storage.open('one');
    await log.append([ask]);
    await log.append([report, { kind: 'finish', reason: 'budget' }]);
    t.is(log.records.length, 3);
    await log.close();
    const again = await storage.open('one');
    t.deepEqual([...again.records], [ask, report, { kind: 'finish', reason: 'budget' }]);
    await again.append([{ kind: 'finish', reason: 'exhausted' }]);
    t.is(again.records.length, 4);
    await again.close();
  });

  test(`${name}: studies are kept apart`, async (t) => {
    const storage = await create(t);
    const [one, two] = await Promise.all([storage.open('one'), storage.open('two')]);
    await one.append([ask]);
    t.is(two.records.length, 0);
    await Promise.all([one.close(), two.close()]);
  });

  test(`${name}: a study has one writer at a time`, async (t) => {
    const storage = await create(t);
    const log = await storage.open('one');
    await t.throwsAsync(storage.open('one'), {
      instanceOf: StorageError,
      code: 'ERR_STUDY_LOCKED',
    });
    await log.close();
    await (await storage.open('one')).close();
  });
}
