import { writeFile } from 'node:fs/promises';
import test from 'ava';
import { frontFolder } from '../../ts/cache/front.js';
import { WinnerCache, winnerId } from '../../ts/cache/winner-cache.js';
import { temporaryFolder } from '../helpers/folder.js';
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

test('a front that cannot be read is passed over with a warning', async (t) => {
  const home = await temporaryFolder(t);
  const path = await frontFolder(home).write(front());
  await writeFile(path, JSON.stringify({ ...front(), rows: 3 }));
  const { code, err } = await runCaught(['cache', 'ls', '--home', home]);
  t.is(code, 0);
  t.regex(err, /Passed over .*its rows is no array/);
});

test('an id of digits only is a name, not a number', async (t) => {
  const { code, err } = await runCaught([
    'cache',
    'show',
    '000012',
    '--home',
    await temporaryFolder(t),
  ]);
  t.is(code, 2);
  t.regex(err, /"000012"/);
});

test('an unknown id and a missing action are wrong usage', async (t) => {
  const home = await temporaryFolder(t);
  t.is((await runCaught(['cache', 'show', 'abcdef', '--home', home])).code, 2);
  t.is((await runCaught(['cache', '--home', home])).code, 2);
  t.is((await runCaught(['cache', 'lss', '--home', home])).code, 2);
});
