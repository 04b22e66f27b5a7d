import test from 'ava';
import { WinnerCache, winnerId } from '../../ts/cache/winner-cache.js';
import { temporaryFolder } from '../helpers/folder.js';
import { runCaught } from '../helpers/run-cli.js';
import { winner, winnerKey } from '../helpers/winners.js';

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
