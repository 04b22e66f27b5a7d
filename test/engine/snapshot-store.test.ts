import { fork } from 'node:child_process';
import { mkdtemp, readdir, readFile, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { SnapshotStore } from '../../ts/engine/snapshot-store.js';

const folder = () => mkdtemp(join(tmpdir(), 'sparsetune-snapshots-'));
const key = (...tokens: number[]) => ({
  fingerprint: 'f',
  kvType: 'f16' as const,
  llamaCpp: '1',
  tokens: Int32Array.from(tokens),
});
const payload = (bytes: number, seed = 1) =>
  Uint8Array.from({ length: bytes }, (_, i) => (i * 31 + seed) % 251);

test('a stored snapshot is read back byte by byte', async (t) => {
  const store = new SnapshotStore(await folder());
  const bytes = payload(9_000_001);
  await store.write(key(1, 2, 3), bytes);
  t.deepEqual(Buffer.from((await store.read(key(1, 2, 3))) ?? []), Buffer.from(bytes));
});

test('a snapshot is there once it is stored, and only for its own prompt', async (t) => {
  const store = new SnapshotStore(await folder());
  t.false(await store.has(key(1, 2)));
  await store.write(key(1, 2), payload(10));
  t.true(await store.has(key(1, 2)));
  t.false(await store.has(key(2, 1)));
});

test('another prompt, model or build is another snapshot', async (t) => {
  const store = new SnapshotStore(await folder());
  await store.write(key(1, 2, 3), payload(10));
  t.is(await store.read(key(1, 2, 4)), undefined);
  t.is(await store.read({ ...key(1, 2, 3), fingerprint: 'g' }), undefined);
  t.is(await store.read({ ...key(1, 2, 3), llamaCpp: '2' }), undefined);
});

const damage = test.macro({
  exec: async (t, spoil: (path: string) => Promise<void>) => {
    const warnings: string[] = [];
    const store = new SnapshotStore(await folder(), { onWarning: (text) => warnings.push(text) });
    await store.write(key(7), payload(5000));
    await spoil(store.path(key(7)));
    t.is(await store.read(key(7)), undefined);
    t.is(warnings.length, 1);
    t.true(warnings[0]?.includes(store.path(key(7))));
    t.is(await store.read(key(7)), undefined, 'and it is gone');
    t.is(warnings.length, 1);
  },
  title: (name) => `a snapshot ${name} is removed, reported and counts as absent`,
});

test('cut short', damage, (path) => truncate(path, 6000));
test('cut inside its header', damage, (path) => truncate(path, 20));
test('that is empty', damage, (path) => truncate(path, 0));
test('with a flipped bit', damage, async (path) => {
  const bytes = await readFile(path);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  await writeFile(path, bytes);
});

test('the least recently used snapshots make room', async (t) => {
  const store = new SnapshotStore(await folder(), { limitBytes: 3 * 20_000 });
  for (const token of [1, 2]) {
    await store.write(key(token), payload(12_000));
    const past = new Date(Date.now() - (10 - token) * 1000);
    await utimes(store.path(key(token)), past, past);
  }
  await store.read(key(1)); // now 2 is the oldest
  await store.write(key(3), payload(40_000));
  t.not(await store.read(key(1)), undefined);
  t.is(await store.read(key(2)), undefined);
  t.not(await store.read(key(3)), undefined);
});

test('a limit of zero keeps nothing on disk', async (t) => {
  const store = new SnapshotStore(await folder(), { limitBytes: 0 });
  await store.write(key(1), payload(10));
  t.is(await store.read(key(1)), undefined);
});

test('a folder that cannot be written is a warning, not a failure', async (t) => {
  const warnings: string[] = [];
  const file = join(await folder(), 'a file');
  await writeFile(file, '');
  const store = new SnapshotStore(join(file, 'below'), {
    onWarning: (text) => warnings.push(text),
  });
  await store.write(key(1), payload(10));
  t.is(warnings.length, 1);
  t.regex(warnings[0] ?? '', /--snapshot-limit/);
});

test('what a killed process left half written is cleared away after an hour', async (t) => {
  const store = new SnapshotStore(await folder());
  const abandoned = join(store.folder, 'x.kv.123.abcd.tmp');
  await writeFile(abandoned, 'half');
  const past = new Date(Date.now() - 2 * 60 * 60 * 1000);
  await utimes(abandoned, past, past);
  await store.write(key(1), payload(10));
  await t.throwsAsync(stat(abandoned), { code: 'ENOENT' });
});

test('two processes may write the same snapshot at once', async (t) => {
  const shared = await folder();
  const writers = Array.from(
    { length: 2 },
    () =>
      new Promise<number | null>((resolve) => {
        const child = fork(new URL('../helpers/write-snapshots.js', import.meta.url), [shared]);
        child.on('exit', resolve);
      }),
  );
  t.deepEqual(await Promise.all(writers), [0, 0]);
  const store = new SnapshotStore(shared);
  t.is((await store.read(key(1)))?.byteLength, 100_000);
  t.deepEqual(
    (await readdir(shared)).filter((name) => name.endsWith('.tmp')),
    [],
  );
});
