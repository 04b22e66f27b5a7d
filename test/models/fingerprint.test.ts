import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { fingerprintModel, modelParts } from '../../ts/models/fingerprint.js';
import { temporaryFolder } from '../helpers/folder.js';
import { sha256 } from '../helpers/hub-server.js';

test('a changed file is hashed again, an unchanged one is not', async (t) => {
  const home = await temporaryFolder(t);
  const path = join(home, 'm.gguf');
  const time = new Date(2020, 1, 1);
  await writeFile(path, 'GGUF one');
  await utimes(path, time, time);
  const first = await fingerprintModel(path, home);
  t.is(first.fingerprint, `8-${sha256('GGUF one')}`);
  // Same size, same time: the remembered hash is what tells.
  await writeFile(path, 'GGUF two');
  await utimes(path, time, time);
  t.deepEqual(await fingerprintModel(path, home), first);
  await utimes(path, time, new Date(2021, 1, 1));
  t.is((await fingerprintModel(path, home)).fingerprint, `8-${sha256('GGUF two')}`);
});

test('a home that cannot be written is no reason to fail', async (t) => {
  const home = await temporaryFolder(t);
  const path = join(home, 'm.gguf');
  await writeFile(path, 'GGUF one');
  await writeFile(join(home, 'models'), 'a file in place of the folder');
  t.is((await fingerprintModel(path, home)).fingerprint, `8-${sha256('GGUF one')}`);
});

test('a damaged sidecar is as good as none', async (t) => {
  const home = await temporaryFolder(t);
  const path = join(home, 'm.gguf');
  await writeFile(path, 'GGUF one');
  const first = await fingerprintModel(path, home);
  const hashes = join(home, 'models', '.hashes');
  for (const name of await readdir(hashes)) await writeFile(join(hashes, name), '{"path":');
  t.deepEqual(await fingerprintModel(path, home), first);
});

test('a split model is the hash of all its parts', async (t) => {
  const home = await temporaryFolder(t);
  const first = join(home, 'm-00001-of-00002.gguf');
  await writeFile(first, 'GGUF one');
  await t.throwsAsync(fingerprintModel(first, home), {
    code: 'ERR_DATA',
    message: /00002-of-00002/,
  });
  await writeFile(join(home, 'm-00002-of-00002.gguf'), 'GGUF two');
  const whole = await fingerprintModel(first, home);
  t.is(whole.bytes, 16);
  t.is(whole.fingerprint, `16-${sha256(`${sha256('GGUF one')}\n${sha256('GGUF two')}`)}`);
});

test('the parts of a path are the path itself where it is not split', (t) => {
  t.deepEqual(modelParts('a/b.gguf'), ['a/b.gguf']);
  t.deepEqual(modelParts('a-00002-of-00002.gguf'), [
    'a-00001-of-00002.gguf',
    'a-00002-of-00002.gguf',
  ]);
});

test('a file that is no GGUF is refused by name', async (t) => {
  const home = await temporaryFolder(t);
  for (const content of ['', 'GGU', 'PK and more']) {
    await writeFile(join(home, 'x.gguf'), content);
    await t.throwsAsync(fingerprintModel(join(home, 'x.gguf'), home), {
      code: 'ERR_MODEL_UNSUPPORTED',
    });
  }
});
