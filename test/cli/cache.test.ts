import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { frontFolder } from '../../ts/cache/front.js';
import { WinnerCache, winnerId } from '../../ts/cache/winner-cache.js';
import { temporaryFolder } from '../helpers/folder.js';
import { hubFiles } from '../helpers/hub-files.js';
import { runCaught } from '../helpers/run-cli.js';
import { front, winner, winnerKey } from '../helpers/winners.js';

test('winners are listed, shown and removed by the start of their id', async (t) => {
  const home = await temporaryFolder(t);
  const cli = (...args: string[]) => runCaught(['cache', ...args, '--home', home]);
  t.regex((await cli('ls')).out, /No winners are stored/);
  await new WinnerCache(home).write(winner());
  const id = winnerId(winnerKey());
  t.regex(
    (await cli('ls')).out,
    new RegExp(`^id .*\\n${id}  hash_attention  niah_mq8@512 .* 0\\.730  0\\.0200  8\\.0%`),
  );
  t.is(JSON.parse((await cli('ls', '--json')).out)[0].id, id);
  t.regex((await cli('show', id.slice(0, 5))).out, /machine {5}a CPU/);
  t.deepEqual(JSON.parse((await cli('show', id, '--json')).out), winner());
  t.regex((await cli('rm', id)).out, /^Removed /);
  t.regex((await cli('ls')).out, /No winners are stored/);
});

test('fronts are listed beside the winners, shown and removed', async (t) => {
  const home = await temporaryFolder(t);
  const cli = (...args: string[]) => runCaught(['cache', ...args, '--home', home]);
  await new WinnerCache(home).write(winner());
  await frontFolder(home).write(front());
  const id = winnerId(front().key);
  const [, newest = '', oldest = ''] = (await cli('ls')).out.split('\n');
  t.regex(newest, new RegExp(`^${id}  .*  0\\.730  0\\.0200\\.\\.0\\.200  3\\.0%\\.\\.8\\.0%`));
  t.true(oldest.startsWith(winnerId(winnerKey())));
  const listed = JSON.parse((await cli('ls', '--json')).out);
  t.deepEqual(
    listed.map((entry: object) => Object.keys(entry)),
    [
      ['path', 'id', 'front'],
      ['path', 'id', 'winner'],
    ],
  );
  const shown = (await cli('show', id)).out;
  t.regex(shown, /\* the front: .*\n {4}trial 12 {2}heavyFraction=0\.05\n {4}trial 3 {3}heavyFrac/);
  t.regex(shown, /machine {5}a CPU/);
  t.deepEqual(JSON.parse((await cli('show', id, '--json')).out), front());
  t.regex((await cli('rm', id)).out, /^Removed .*fronts/);
  t.deepEqual(await frontFolder(home).list(), []);
  t.is((await new WinnerCache(home).list()).length, 1);
});

/** A home with a winner and a front, and their file. */
async function exported(t: ExecutionContext, ...ids: string[]) {
  const home = await temporaryFolder(t);
  await new WinnerCache(home).write(winner());
  await frontFolder(home).write(front());
  const file = join(home, 'out', 'all.json');
  const run = await runCaught(['cache', 'export', ...ids, '--out', file, '--home', home]);
  const target = await temporaryFolder(t);
  const take = (...args: string[]) =>
    runCaught(['cache', 'import', file, '--home', target, ...args]);
  return { file, run, target, take, cache: new WinnerCache(target) };
}

test('what is exported is imported elsewhere as it was, and known the second time', async (t) => {
  const { run, target, take, cache } = await exported(t);
  t.regex(run.out, /^Exported 1 winners and 1 fronts to .*all\.json\n$/);
  const { code, out } = await take();
  t.is(code, 0);
  t.is(
    out,
    `added     ${winnerId(winnerKey())} hash_attention on niah_mq8@512: kl s.t. density<=0.1\n` +
      `added     ${winnerId(front().key)} hash_attention on niah_mq8@512: pareto(kl,density)\n`,
  );
  t.deepEqual((await cache.read(winnerKey()))?.winner, winner());
  t.deepEqual((await frontFolder(target).list())[0]?.record, front());
  const again = JSON.parse((await take('--json')).out);
  t.deepEqual(
    again.map(({ outcome }: { outcome: string }) => outcome),
    ['known', 'known'],
  );
});

test('single records are exported by their ids', async (t) => {
  const { file, run } = await exported(t, winnerId(front().key).slice(0, 6));
  t.regex(run.out, /^Exported 0 winners and 1 fronts/);
  t.deepEqual(JSON.parse(await readFile(file, 'utf8')), {
    bundle: 1,
    winners: [],
    fronts: [front()],
  });
  t.is((await exported(t, 'ffffff')).run.code, 2);
  const home = await temporaryFolder(t);
  t.is((await runCaught(['cache', 'export', '--out', file, '--home', home])).code, 1);
});

for (const [name, row, createdAt, outcome, reason] of [
  ['worse and older', { objective: 0.5 }, '2025', 'replaced', /2025/],
  ['as good and older', {}, '2025', 'replaced', /2025/],
  ['better', { objective: 0.001 }, '2025', 'skipped', /is better/],
  ['worse but newer', { objective: 0.5 }, '2027', 'skipped', /is newer/],
] as const) {
  test(`a winner that is here and ${name} is ${outcome}, which is told`, async (t) => {
    const { take, cache } = await exported(t);
    const own = winner({}, row, createdAt);
    await cache.write(own);
    const { out } = await take();
    const [line = ''] = out.split('\n');
    t.true(line.startsWith(outcome));
    t.regex(line, reason);
    t.is(/cache rm ID/.test(out), outcome === 'skipped');
    t.deepEqual((await cache.read(winnerKey()))?.winner, outcome === 'skipped' ? own : winner());
  });
}

for (const [name, content, reason] of [
  ['no JSON', '{', /JSON/],
  ['a winner by itself', JSON.stringify(winner()), /no file of "sparsetune cache export"/],
  ['null', 'null', /no file of/],
  [
    'rows of something else',
    JSON.stringify({
      bundle: 1,
      winners: [winner(), { ...winner(), validation: { ...winner().validation, rows: [3] } }],
      fronts: [],
    }),
    /winners\[1\]: its validation\.rows are no rows/,
  ],
  [
    'a task that is no text',
    JSON.stringify({ bundle: 1, winners: [winner({ task: 7 as never })], fronts: [] }),
    /winners\[0\]: its key\.task is missing/,
  ],
] as const) {
  test(`a file with ${name} is refused, and nothing of it is taken`, async (t) => {
    const { file, take, cache } = await exported(t);
    await writeFile(file, content);
    const { code, err } = await take();
    t.is(code, 2);
    t.true(err.startsWith(`sparsetune: Cannot import ${file}: `));
    t.regex(err, reason);
    t.deepEqual(await cache.list(), []);
  });
}

test('a front that cannot be read is passed over with a warning', async (t) => {
  const home = await temporaryFolder(t);
  const path = await frontFolder(home).write(front());
  await writeFile(path, JSON.stringify({ ...front(), rows: 3 }));
  const { code, err } = await runCaught(['cache', 'ls', '--home', home]);
  t.is(code, 0);
  t.regex(err, /Passed over .*its rows is no array/);
});

for (const id of ['000012', '12e456789012']) {
  test(`an id is a name, not a number: ${id}`, async (t) => {
    const args = ['cache', 'show', id, '--home', await temporaryFolder(t)];
    const { code, err } = await runCaught(args);
    t.is(code, 2);
    t.true(err.includes(`"${id}"`));
  });
}

test('an unknown id and a missing action are wrong usage', async (t) => {
  const home = await temporaryFolder(t);
  t.is((await runCaught(['cache', 'show', 'abcdef', '--home', home])).code, 2);
  t.is((await runCaught(['cache', '--home', home])).code, 2);
  t.is((await runCaught(['cache', 'lss', '--home', home])).code, 2);
});

const exactConfig = { maskers: [{ kind: 'sink', sinkSize: 16 }] };

test('winners go out in the form of sparse-attention-hub, and what it cannot express is refused', async (t) => {
  const home = await temporaryFolder(t);
  const cache = new WinnerCache(home);
  await cache.write(winner({}, { config: exactConfig }));
  const cli = (...args: string[]) =>
    runCaught(['cache', 'export', ...args, '--format', 'sparse-attention-hub', '--home', home]);
  const file = join(home, 'one.json');
  const one = await cli('--out', file);
  t.is(one.code, 0);
  t.regex(one.out, /^exported {2}[0-9a-f]{12} to .*one\.json\n$/);
  t.like(JSON.parse(await readFile(file, 'utf8')), { masker_name: 'sink', task: 'niah_mq8@512' });
  const pig = { maskers: [{ kind: 'magic_pig', lshL: 8, lshK: 4 }] };
  await cache.write(winner({ config: 'magic_pig' }, { config: pig }));
  await frontFolder(home).write(front());
  const all = await cli('--out', join(home, 'out'));
  t.is(all.code, 1);
  t.regex(all.out, /exported {2}[0-9a-f]{12} to .*SmolLM2_niah_mq8@512_sink\.json\n/);
  t.regex(all.out, /refused {3}[0-9a-f]{12}: sparse-attention-hub cannot express .* magic_pig: /);
  const asked = await cli(winnerId(front().key), '--out', file);
  t.is(asked.code, 2);
  t.regex(asked.err, /no fronts/);
});

test('results of sparse-attention-hub are imported, listed, shown and removed', async (t) => {
  const home = await temporaryFolder(t);
  const cli = (...args: string[]) => runCaught(['cache', ...args, '--home', home]);
  const [[name, text] = ['', '']] = Object.entries(hubFiles);
  const file = join(home, name);
  await writeFile(file, text);
  const imported = await cli('import', file);
  t.is(imported.code, 0);
  t.regex(
    imported.out,
    /^added {5}[0-9a-f]{12} hash_attention on loogle\/shortdep_qa for hash_attention\n.*--warm-start/,
  );
  const listed = await cli('ls');
  t.regex(listed.out, /No winners are stored.*\nid .*begins/);
  const [, id = ''] = /\n([0-9a-f]{12}) {2}hash_attention/.exec(listed.out) ?? [];
  t.is(JSON.parse((await cli('ls', '--json')).out)[0].id, id);
  const shown = (await cli('show', id.slice(0, 6))).out;
  t.regex(shown, /config {6}\{"maskers":\[\{"kind":"sink","sinkSize":32\}/);
  t.regex(shown, /found {7}for meta-llama\/Llama-3\.1-8B, score 0\.0700 there/);
  t.like(JSON.parse((await cli('show', id, '--json')).out), { schemaVersion: 1 });
  await writeFile(file, JSON.stringify({ sparse_config: null }));
  const skipped = await cli('import', file);
  t.is(skipped.code, 1);
  t.regex(skipped.out, /^skipped {3}.*dense attention/);
  await cli('rm', id);
  t.deepEqual(JSON.parse((await cli('ls', '--json')).out), []);
});
