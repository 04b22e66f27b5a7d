import { mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { ensureSelfTest, selfTest } from '../../ts/engine/self-test.js';

const folder = () => mkdtemp(join(tmpdir(), 'sparsetune-self-test-'));

test('both ways of our attention agree with llama.cpp on the tiny model', async (t) => {
  const { inGraph, replace, between, control } = await selfTest(await folder());
  t.true(inGraph < 2e-3, String(inGraph));
  t.true(replace < 2e-3, String(replace));
  t.true(between < 1e-5, String(between));
  t.true(control > 100 * inGraph, `without the override: ${control}`);
});

test('two threads give what one gives', async (t) => {
  const home = await folder();
  const [one, two] = [await selfTest(home, { threads: 1 }), await selfTest(home, { threads: 2 })];
  t.true(Math.abs(one.inGraph - two.inGraph) < 1e-6);
});

test('the tiny model is small and always the same', async (t) => {
  const homes = [await folder(), await folder()];
  for (const home of homes) await selfTest(home);
  const [first, second] = await Promise.all(homes.map((home) => readFile(join(home, 'tiny.gguf'))));
  t.deepEqual(first, second);
  t.true((first?.length ?? 0) < 1e6);
});

test('a passed self-test is remembered for this build', async (t) => {
  const home = await folder();
  await ensureSelfTest(home);
  const [marker = ''] = (await readdir(home)).filter((name) => name.startsWith('self-test-'));
  const { mtimeMs } = await stat(join(home, marker));
  await ensureSelfTest(home);
  t.is((await stat(join(home, marker))).mtimeMs, mtimeMs);
});

test('a model file that is no GGUF is an engine error that names it', async (t) => {
  const home = await folder();
  await writeFile(join(home, 'tiny.gguf'), 'not a model');
  await t.throwsAsync(selfTest(home), { code: 'ERR_ENGINE', message: /tiny\.gguf/ });
});
