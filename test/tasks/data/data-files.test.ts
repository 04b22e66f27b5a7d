import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type DataRequest, findData } from '../../../ts/tasks/data/data-files.js';
import { jsonLinesOf, parquetOf } from '../../helpers/data-rows.js';
import { temporaryFolder } from '../../helpers/folder.js';
import { type HubServerOptions, startHubServer } from '../../helpers/hub-server.js';

const repo = 'someone/bench';
const commit = 'c'.repeat(40);
const rows = Array.from({ length: 400 }, (_, i) => ({
  context: `text ${i}`,
  answer: `answer ${i}`,
}));
const files = {
  'README.md': Buffer.from('# hello'),
  'passkey/test-00000-of-00001.parquet': parquetOf(rows),
  'kv_retrieval.jsonl': jsonLinesOf(rows),
};

async function hub(t: ExecutionContext, changes: Partial<HubServerOptions> = {}) {
  const server = await startHubServer({ repo, type: 'dataset', commit, files, ...changes });
  t.teardown(() => server.close());
  const home = await temporaryFolder(t);
  const env = { HF_ENDPOINT: server.url };
  return { server, home, env, options: { env, retryDelayMs: 1 } };
}

function request(home: string, name: string, changes: Partial<DataRequest> = {}): DataRequest {
  const sets = [{ repo, revision: 'main' }];
  return {
    benchmark: 'bench',
    wanted: { names: [name] },
    sets,
    folder: undefined,
    home,
    ...changes,
  };
}

test('a file is downloaded at the commit of main, checked, and used again without asking', async (t) => {
  const { server, home, options } = await hub(t);
  const { paths, origin } = await findData(request(home, 'passkey'), options);
  t.is(origin, `${repo}@${commit}`);
  t.deepEqual(paths, [join(home, 'datasets', repo, commit, 'passkey/test-00000-of-00001.parquet')]);
  t.deepEqual(await readFile(paths[0] ?? ''), files['passkey/test-00000-of-00001.parquet']);
  t.true(server.log.some((line) => line.includes(`/datasets/${repo}/resolve/${commit}/passkey`)));
  const requests = server.log.length;
  t.deepEqual(await findData(request(home, 'passkey'), options), { paths, origin });
  t.is(server.log.length, requests);
});

test('a small file without SHA-256 is checked by its Git object id', async (t) => {
  const { home, options } = await hub(t);
  const { paths } = await findData(request(home, 'kv_retrieval'), options);
  t.deepEqual(await readFile(paths[0] ?? ''), files['kv_retrieval.jsonl']);
});

test('what main moved on to later is not mixed in', async (t) => {
  const { home, options } = await hub(t);
  await findData(request(home, 'passkey'), options);
  const moved = await startHubServer({ repo, type: 'dataset', commit: 'd'.repeat(40), files });
  t.teardown(() => moved.close());
  const { origin } = await findData(request(home, 'kv_retrieval'), {
    ...options,
    env: { HF_ENDPOINT: moved.url },
  });
  t.is(origin, `${repo}@${commit}`);
});

test('a pinned commit is asked for as it is', async (t) => {
  const { server, home, options } = await hub(t);
  const pinned = 'e'.repeat(40);
  const sets = [{ repo, revision: pinned }];
  const { origin } = await findData(request(home, 'passkey', { sets }), options);
  t.is(origin, `${repo}@${pinned}`);
  t.false(server.log.some((line) => line.includes('/revision/')));
});

test('a download that breaks goes on where it stopped', async (t) => {
  const { server, home, options } = await hub(t, { cutFirstBodyAt: 1000 });
  const { paths } = await findData(request(home, 'kv_retrieval'), options);
  t.deepEqual(await readFile(paths[0] ?? ''), files['kv_retrieval.jsonl']);
  t.true(server.log.some((line) => line.includes('bytes=1000-')));
});

test('a file with a wrong hash is refused and not kept', async (t) => {
  const { home, options } = await hub(t, { claimedHash: 'ab'.repeat(32) });
  await t.throwsAsync(findData(request(home, 'passkey'), options), {
    code: 'ERR_DATA',
    message: /has SHA-256 .* but the hub lists abab/,
  });
  const left = await readdir(home, { recursive: true });
  t.deepEqual(
    left.filter((name) => /parquet/.test(name)),
    [],
  );
});

test('a data set without the file is passed over for the next', async (t) => {
  const { home, options } = await hub(t, { emptyRepo: 'someone/empty' });
  const pinned = '1'.repeat(40);
  const sets = ['someone/empty', repo].map((name) => ({ repo: name, revision: pinned }));
  const { origin } = await findData(request(home, 'passkey', { sets }), options);
  t.is(origin, `${repo}@${pinned}`);
  await t.throwsAsync(findData(request(home, 'no_such', { sets }), options), {
    code: 'ERR_DATA',
    message: /no data of bench \(no_such\) in someone\/empty, someone\/bench\. Give a folder/,
  });
});

test('the token is sent, and a refusal says to set it', async (t) => {
  const { server, home, env } = await hub(t, { status: 401 });
  const options = { env: { ...env, HF_TOKEN: 'hf_secret' } };
  await t.throwsAsync(findData(request(home, 'passkey'), options), {
    code: 'ERR_DATA',
    message: /HF_TOKEN/,
  });
  t.is(server.authorization(), 'Bearer hf_secret');
});

test('offline, data that are here are found and others are not asked for', async (t) => {
  const { server, home, env, options } = await hub(t);
  await findData(request(home, 'passkey'), options);
  const requests = server.log.length;
  const offline = { env: { ...env, HF_HUB_OFFLINE: '1' } };
  t.is((await findData(request(home, 'passkey'), offline)).paths.length, 1);
  await t.throwsAsync(findData(request(home, 'kv_retrieval'), offline), {
    code: 'ERR_DATA',
    message: /bench \(kv_retrieval\) are not in .*HF_HUB_OFFLINE.*--data/,
  });
  t.is(server.log.length, requests);
});

test('a folder of the user is read in place of the hub, with what names its content', async (t) => {
  const folder = await temporaryFolder(t);
  const write = async (path: string, content: Buffer) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  };
  await write('passkey.jsonl', jsonLinesOf(rows));
  const find = () => findData(request(folder, 'passkey', { folder }), {});
  const first = await find();
  t.deepEqual(first.paths, [join(folder, 'passkey.jsonl')]);
  t.regex(first.origin, /^sha256:[0-9a-f]{16}$/);
  await write('passkey.jsonl', jsonLinesOf(rows.slice(1)));
  t.not((await find()).origin, first.origin);
  await write('bench/passkey/test.jsonl', jsonLinesOf(rows));
  t.deepEqual((await find()).paths, [join(folder, 'bench/passkey/test.jsonl')]);
});

test('a folder without the data, and no folder, are refused with what is expected', async (t) => {
  const folder = await temporaryFolder(t);
  const find = (path: string) => findData(request(folder, 'passkey', { folder: path }), {});
  await t.throwsAsync(find(folder), {
    code: 'ERR_DATA',
    message: /has no data of bench: expected passkey\/test-\*\.parquet, .*passkey\.jsonl/,
  });
  await t.throwsAsync(find(join(folder, 'nothing')), {
    code: 'ERR_DATA',
    message: /--data .*nothing is no folder/,
  });
});
