import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { GlobalKey, TaskKey, ValidationRow, Winner } from '../../ts/cache/winner.js';
import { WinnerCache } from '../../ts/cache/winner-cache.js';
import { getWinner } from '../../ts/tune/get-winner.js';
import { resolveModelFile } from '../../ts/tune/model-file.js';
import { temporaryFolder } from '../helpers/folder.js';
import { runCaught } from '../helpers/run-cli.js';
import { winner, winnerKey } from '../helpers/winners.js';

const asked = { model: 'tiny', config: 'quest', task: 'niah_mq8@512' };

async function makeCache(t: ExecutionContext) {
  const home = await temporaryFolder(t);
  const { fingerprint: modelFingerprint } = await resolveModelFile('tiny', { home });
  const cache = new WinnerCache(home);
  const of = { modelFingerprint, config: 'quest' };
  return {
    home,
    ofTask: (change: Partial<TaskKey> = {}, row: Partial<ValidationRow> = {}) =>
      cache.write(winner({ ...of, ...change }, row)),
    ofAll: (tasks: readonly string[], change: Partial<GlobalKey> = {}) =>
      cache.write({ ...winner(), key: globalKey({ ...of, tasks, ...change }) } satisfies Winner),
    find: (change: Partial<typeof asked> & { objective?: string } = {}) =>
      getWinner({ ...asked, home, ...change }),
  };
}

function globalKey(change: Partial<GlobalKey>): GlobalKey {
  const { task: _task, taskVersion: _version, ...common } = winnerKey();
  return { ...common, tasks: [], taskVersions: [1, 1], taskParameters: [], ...change };
}

test("the task's own winner goes before a global one with it, and that before any other", async (t) => {
  const { ofTask, ofAll, find } = await makeCache(t);
  t.is(await find(), undefined);
  const other = await ofAll(['niah_mq8@1024', 'niah_mq8@2048']);
  t.like(await find(), { kind: 'global of other tasks', path: other });
  const all = await ofAll(['niah_mq8@1024', 'niah_mq8@512'], { spaceHash: 'narrow' });
  t.like(await find(), { kind: 'global', path: all });
  const own = await ofTask({}, { objective: 99 });
  t.like(await find(), { kind: 'task', path: own });
  t.like(await find({ task: 'niah_mq8@2048' }), { kind: 'global', path: other });
});

test('of several the lowest objective counts, in any space, of the objective that is asked for', async (t) => {
  const { ofTask, find } = await makeCache(t);
  await ofTask({ spaceHash: 'a' }, { objective: 0.03 });
  const best = await ofTask({ spaceHash: 'b' }, { objective: 0.02 });
  const objective = 'density s.t. kl<=0.1';
  const sparse = await ofTask({ objective }, { objective: 0.001 });
  t.is((await find())?.path, best);
  t.is((await find({ objective: 'density  s.t.  kl <= 0.1' }))?.path, sparse);
  t.is(await find({ objective: 'kl' }), undefined);
  t.is(await find({ config: 'any' }), undefined);
});

test('a bound of the worst task is no other objective', async (t) => {
  const { ofAll, find } = await makeCache(t);
  const objective = 'kl s.t. density<=0.1, worst task<=1.5';
  const path = await ofAll(['niah_mq8@1024', 'niah_mq8@512'], { objective });
  t.is((await find())?.path, path);
  t.is(await find({ objective: 'kl' }), undefined);
});

test('another model, config or task has none, also where the file has another name', async (t) => {
  const { home, ofTask, find } = await makeCache(t);
  const path = await ofTask();
  await ofTask({ modelFingerprint: '1-f', task: 'niah_mq8@600' });
  t.is(await find({ config: 'top_p' }), undefined);
  t.is(await find({ task: 'niah_mq8@600' }), undefined);
  const moved = join(home, 'moved.gguf');
  await rename(join(home, 'models', 'tiny.gguf'), moved);
  t.is((await find({ model: moved }))?.path, path);
});

test('a config that is registered elsewhere is found, an unknown one is named', async (t) => {
  const { ofTask, find } = await makeCache(t);
  await ofTask({ config: 'my_own' });
  t.is((await find({ config: 'my_own' }))?.kind, 'task');
  await t.throwsAsync(find({ config: 'qest' }), { code: 'ERR_CONFIG', message: /quest/ });
  await t.throwsAsync(find({ task: 'nia_mq8@512' }), { code: 'ERR_TASK', message: /niah_mq8/ });
  await t.throwsAsync(find({ model: 'tinny' }), { code: 'ERR_ARGUMENT', message: /tiny/ });
  await t.throwsAsync(find({ objective: 'pareto(kl,density)' }), { message: /cache ls/ });
});

test('cache find prints the winner and of which kind it is', async (t) => {
  const { home, ofAll } = await makeCache(t);
  const path = await ofAll(['niah_mq8@1024', 'niah_mq8@512']);
  const args = ['--model', 'tiny', '--config', 'quest', '--task', 'niah_mq8@512', '--home', home];
  const { code, out } = await runCaught(['cache', 'find', ...args]);
  t.is(code, 0);
  t.regex(out, /^global winner [0-9a-f]{12}\n\nquest on niah_mq8@1024 \+ niah_mq8@512: kl s\.t\./);
  const json = JSON.parse((await runCaught(['cache', 'find', ...args, '--json'])).out);
  t.like(json, { kind: 'global', path });
  t.is(json.winner.key.config, 'quest');
});

test('where none is stored cache find says so with code 1, and what is stored instead', async (t) => {
  const { home, ofTask } = await makeCache(t);
  await ofTask({ objective: 'kl' });
  const args = ['--model', 'tiny', '--config', 'quest', '--task', 'niah_mq8@512', '--home', home];
  const { code, out, err } = await runCaught(['cache', 'find', ...args]);
  t.is(code, 1);
  t.is(out, '');
  t.is(
    err,
    'sparsetune: No winner of quest on niah_mq8@512 for "kl s.t. density<=0.1" is stored for this model. ' +
      '"sparsetune tune" finds one. There are winners for "kl" on niah_mq8@512.\n',
  );
  const json = await runCaught(['cache', 'find', ...args, '--json']);
  t.like(JSON.parse(json.out), { event: 'error', code: 'ERR_NO_WINNER' });
  t.is((await runCaught(['cache', 'find', '--home', home])).code, 2);
});
