import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { DownloadProgress } from '../../ts/hub/download.js';
import { resolveModel } from '../../ts/models/model-source.js';
import { testModels } from '../../ts/models/test-models.js';
import { temporaryFolder } from '../helpers/folder.js';
import { type HubServerOptions, sha256, startHubServer } from '../helpers/hub-server.js';

const repo = 'someone/Tiny-GGUF';
const big = Buffer.concat([Buffer.from('GGUF'), Buffer.alloc(300_000, 7)]);
const files = {
  'README.md': Buffer.from('# hello'),
  'Tiny-Q4_K_M.gguf': big,
  'Tiny-Q8_0.gguf': Buffer.concat([Buffer.from('GGUF'), Buffer.alloc(1000, 8)]),
  'mmproj-Q8_0.gguf': Buffer.from('GGUF projector'),
};

async function hub(t: ExecutionContext, options: Partial<HubServerOptions> = {}) {
  const server = await startHubServer({ repo, files, ...options });
  t.teardown(() => server.close());
  const home = await temporaryFolder(t);
  const env = { HF_ENDPOINT: server.url };
  return { server, home, env, options: { home, env, retryDelayMs: 1 } };
}

test('a file of the hub is downloaded, checked and used again without asking', async (t) => {
  const { server, home, options } = await hub(t);
  const progress: DownloadProgress[] = [];
  const model = await resolveModel(`hf:${repo}/Tiny-Q4_K_M.gguf`, {
    ...options,
    onProgress: (step) => progress.push(step),
  });
  t.deepEqual(await readFile(model.path), big);
  t.true(model.path.startsWith(home));
  t.is(model.fingerprint, `${big.length}-${sha256(big)}`);
  t.like(progress.at(-1), { doneBytes: big.length, totalBytes: big.length });
  const requests = server.log.length;
  t.is((await resolveModel(`hf:${repo}/Tiny-Q4_K_M.gguf`, options)).path, model.path);
  t.is(server.log.length, requests);
});

test('a download that breaks goes on where it stopped', async (t) => {
  const { server, options } = await hub(t, { cutFirstBodyAt: 100_000 });
  const model = await resolveModel(`hf:${repo}/Tiny-Q4_K_M.gguf`, options);
  t.deepEqual(await readFile(model.path), big);
  const ranges = server.log.filter((line) => / bytes=[1-9]/.test(line));
  t.is(ranges.length, 1);
  t.regex(ranges[0] ?? '', / bytes=100000-300003$/);
});

test('a download that was left half way by another process goes on', async (t) => {
  const { server, home, options } = await hub(t);
  const { path } = await resolveModel(`hf:${repo}/Tiny-Q8_0.gguf`, options);
  const part = join(path, '..', `Tiny-Q4_K_M.gguf.${sha256(big).slice(0, 12)}.part`);
  await writeFile(part, big.subarray(0, 5000));
  t.deepEqual(await readFile((await resolveModel(`hf:${repo}:Q4_K_M`, options)).path), big);
  t.true(server.log.some((line) => line.endsWith(' bytes=5000-300003')));
  const left = await readdir(home, { recursive: true });
  t.deepEqual(
    left.filter((name) => name.endsWith('.part')),
    [],
  );
});

for (const status of [408, 429, 503]) {
  test(`a hub that answers ${status} is asked again`, async (t) => {
    const { options } = await hub(t, { firstFileStatus: status });
    t.deepEqual(await readFile((await resolveModel(`hf:${repo}:Q4_K_M`, options)).path), big);
  });
}

test('a file with the wrong hash is refused and not kept', async (t) => {
  const { home, options } = await hub(t, { claimedHash: 'ab'.repeat(32) });
  await t.throwsAsync(resolveModel(`hf:${repo}/Tiny-Q4_K_M.gguf`, options), {
    code: 'ERR_DATA',
    message: /has SHA-256 .* but the hub lists abab/,
  });
  const left = await readdir(home, { recursive: true });
  t.deepEqual(
    left.filter((name) => /gguf/.test(name) && !name.includes('GGUF/') && name.endsWith('gguf')),
    [],
  );
  t.deepEqual(
    left.filter((name) => name.endsWith('.part')),
    [],
  );
});

test('a quantisation names its file, and projectors do not count', async (t) => {
  const { options } = await hub(t);
  t.regex((await resolveModel(`hf:${repo}:q8_0`, options)).path, /Tiny-Q8_0\.gguf$/);
});

test('a revision is asked for and kept apart', async (t) => {
  const { server, options } = await hub(t);
  const { path } = await resolveModel(`hf:${repo}:Q8_0@v1.0`, options);
  t.regex(path, /v1\.0/);
  t.true(server.log.some((line) => line.includes('/resolve/v1.0/')));
});

test('all parts of a split model are downloaded', async (t) => {
  const parts = {
    'm-Q4_0-00001-of-00002.gguf': big,
    'm-Q4_0-00002-of-00002.gguf': files['Tiny-Q8_0.gguf'],
  };
  const { options } = await hub(t, { files: parts });
  const model = await resolveModel(`hf:${repo}:Q4_0`, options);
  t.regex(model.path, /00001-of-00002\.gguf$/);
  t.is(model.bytes, big.length + files['Tiny-Q8_0.gguf'].length);
});

test('the token is sent, and a refusal says to set it', async (t) => {
  const { server, options } = await hub(t, { status: 401 });
  const env = { ...options.env, HF_TOKEN: 'hf_secret' };
  await t.throwsAsync(resolveModel(`hf:${repo}:Q8_0`, { ...options, env }), {
    code: 'ERR_DATA',
    message: /HF_TOKEN/,
  });
  t.is(server.authorization(), 'Bearer hf_secret');
});

test('offline, a model that is here is found and another is not asked for', async (t) => {
  const { server, options } = await hub(t);
  await resolveModel(`hf:${repo}:Q8_0`, options);
  const requests = server.log.length;
  const offline = { ...options, env: { ...options.env, HF_HUB_OFFLINE: '1' } };
  t.regex((await resolveModel(`hf:${repo}:Q8_0`, offline)).path, /Tiny-Q8_0/);
  await t.throwsAsync(resolveModel(`hf:${repo}:Q4_K_M`, offline), { message: /HF_HUB_OFFLINE/ });
  t.is(server.log.length, requests);
});

test('an aborted download stops with the reason of the signal', async (t) => {
  const { options } = await hub(t, { cutFirstBodyAt: 100_000 });
  const controller = new AbortController();
  const promise = resolveModel(`hf:${repo}:Q4_K_M`, {
    ...options,
    signal: controller.signal,
    onProgress: () => controller.abort(new Error('stopped by the user')),
  });
  await t.throwsAsync(promise);
});

const refuses = test.macro({
  async exec(t, model: string, message: RegExp) {
    const { options } = await hub(t);
    await t.throwsAsync(resolveModel(model, options), { message });
  },
  title: (_, model) => `the model "${model}" is refused`,
});

test(refuses, `hf:${repo}/Tiny-Q4_K_N.gguf`, /is not there \(did you mean Tiny-Q4_K_M\.gguf\?\)/);
test(refuses, `hf:${repo}:Q2_K`, /is not there/);
test(refuses, 'hf:nobody/nothing:Q2_K', /no such repository or revision/);
test(refuses, 'hf:onlyowner', /Expected hf:owner\/repo/);
test(refuses, 'hf:someone/repo/../x.gguf', /Expected hf:owner\/repo/);
test(refuses, 'smollm3', /did you mean smollm2\?/);
test(refuses, 'smollm2', /node scripts\/setup\.mjs/);

test('several models of one quantisation are named', async (t) => {
  const { options } = await hub(t, { files: { 'a-Q8_0.gguf': big, 'b-Q8_0.gguf': big } });
  await t.throwsAsync(resolveModel(`hf:${repo}:Q8_0`, options), {
    message: /names 2 files \(a-Q8_0\.gguf, b-Q8_0\.gguf\)/,
  });
});

test('a hub that cannot be reached says so', async (t) => {
  const { server, options } = await hub(t);
  await server.close();
  await t.throwsAsync(resolveModel(`hf:${repo}:Q8_0`, options), {
    code: 'ERR_DATA',
    message: /Could not list/,
  });
});

test('a path gives its absolute path and fingerprint', async (t) => {
  const home = await temporaryFolder(t);
  const path = join(home, 'model.gguf');
  await writeFile(path, big);
  t.deepEqual(await resolveModel(path, { home }), {
    source: path,
    path,
    fingerprint: `${big.length}-${sha256(big)}`,
    bytes: big.length,
  });
});

test('a named model is made by its maker', async (t) => {
  const home = await temporaryFolder(t);
  const path = join(home, 'made.gguf');
  await writeFile(path, big);
  t.is((await resolveModel('tiny', { home, named: { tiny: async () => path } })).path, path);
});

test('the test models have distinct names and files', (t) => {
  t.is(new Set(testModels.flatMap(({ name, file }) => [name, file])).size, testModels.length * 2);
});
