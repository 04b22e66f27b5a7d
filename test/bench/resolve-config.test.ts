import test, { type ExecutionContext } from 'ava';
import { resolveBenchOptions } from '../../ts/bench/options.js';
import { resolveConfig, sourceText } from '../../ts/bench/resolve-config.js';
import { tuningSteps } from '../../ts/bench/tuning-steps.js';
import type { GlobalKey, TaskKey, ValidationRow } from '../../ts/cache/winner.js';
import { WinnerCache } from '../../ts/cache/winner-cache.js';
import { getPreset } from '../../ts/maskers/presets.js';
import { temporaryFolder } from '../helpers/folder.js';
import { winner, winnerKey } from '../helpers/winners.js';

const task = 'niah_mq8@512';
const other = 'niah_mq8@1024';
const modelFingerprint = winnerKey().modelFingerprint;

/** A home with winners: `own` of the task, `all` of several tasks; the sink size tells them apart. */
async function stored(t: ExecutionContext) {
  const home = await temporaryFolder(t);
  const winners = new WinnerCache(home);
  const row = (sinkSize: number, objective: number): Partial<ValidationRow> => ({
    config: { maskers: [{ kind: 'sink', sinkSize }] },
    objective,
  });
  const own = (key: Partial<TaskKey>, sinkSize: number, objective = 0.02) =>
    winners.write(winner(key, row(sinkSize, objective)));
  const all = (tasks: readonly string[], sinkSize: number, key: Partial<GlobalKey> = {}) => {
    const { task: _task, taskVersion: _version, ...common } = winnerKey();
    const versions = { taskVersions: tasks.map(() => 1), taskParameters: tasks.map(() => ({})) };
    return winners.write({
      ...winner({}, row(sinkSize, 0.5)),
      key: { ...common, tasks, ...versions, ...key },
    });
  };
  const found = async (config: string, changes: { tasks?: string[]; global?: boolean } = {}) => {
    const { tasks = [task], global = false } = changes;
    const request = resolveBenchOptions({
      model: 'm',
      task: tasks,
      config: [config],
      home,
      global,
    });
    const [spec] = request.configs;
    if (spec === undefined) throw new Error('no config');
    const globalTasks = global ? tasks : undefined;
    const target = { winners, modelFingerprint, task: tasks[0] ?? '', globalTasks };
    const resolved = await resolveConfig(spec, { ...target, objective: request.objective });
    const [masker] = resolved.config.maskers;
    return { ...resolved, sinkSize: masker?.['sinkSize'], text: sourceText(resolved.source) };
  };
  return { home, winners, own, all, found };
}

test('dense and the untuned default need no winner', async (t) => {
  const { found, own } = await stored(t);
  await own({ config: 'quest' }, 7);
  t.like(await found('dense'), { text: 'dense attention', config: { maskers: { length: 0 } } });
  const { config, text } = await found('quest:default');
  t.deepEqual(config, getPreset('quest').defaultConfig);
  t.is(text, 'untuned default of quest');
});

test("a config is the task's own winner, else a global one, else its default", async (t) => {
  const { found, own, all } = await stored(t);
  t.is((await found('hash_attention')).text, 'untuned default of hash_attention');
  await all([other, 'niah_mq8@2048'], 5);
  t.like(await found('hash_attention'), {
    sinkSize: 5,
    source: { scope: 'global of other tasks' },
  });
  await all([other, task], 6);
  const global = await found('hash_attention');
  t.like(global, { sinkSize: 6, source: { kind: 'winner', scope: 'global' } });
  t.regex(global.text, /^hash_attention winner [0-9a-f]{12} for niah_mq8@1024 \+ niah_mq8@512$/);
  await own({}, 7);
  const its = await found('hash_attention');
  t.like(its, { sinkSize: 7, source: { scope: 'task', objective: 'kl s.t. density<=0.1' } });
  t.regex(its.text, /^hash_attention winner [0-9a-f]{12} of the task$/);
});

test('winners for another objective or model do not count', async (t) => {
  const { found, own } = await stored(t);
  await own({ objective: 'density s.t. kl<=0.1' }, 1);
  await own({ modelFingerprint: '1-f' }, 2);
  t.is((await found('hash_attention')).source.kind, 'default');
});

test('with global the winner of all the tasks goes before others', async (t) => {
  const { found, own, all } = await stored(t);
  await own({}, 1);
  const both = { tasks: [task, other], global: true };
  t.is((await found('hash_attention', both)).source.kind, 'default');
  await all([task, 'niah_mq8@2048'], 2, { spaceHash: 'a' });
  t.is((await found('hash_attention', both)).sinkSize, 2);
  await all([task, other, 'niah_mq8@2048'], 3, { spaceHash: 'b' });
  t.is((await found('hash_attention', both)).sinkSize, 3);
});

test('auto is the best winner of all configs, the own ones of the task first', async (t) => {
  const { found, own, all } = await stored(t);
  await t.throwsAsync(found('auto'), {
    code: 'ERR_NO_WINNER',
    message: /niah_mq8@512.*sparsetune run/,
  });
  await all([task, other], 1, { config: 'magic_pig' });
  t.is((await found('auto')).sinkSize, 1);
  await own({ config: 'quest' }, 2, 0.03);
  await own({ config: 'any' }, 3, 0.01);
  await own({ config: 'top_p' }, 4, 0.02);
  t.like(await found('auto'), { sinkSize: 3, source: { preset: 'any', scope: 'task' } });
});

async function steps(home: string, config: string[], changes: object = {}) {
  const options = { model: 'm', task: [task, other], config, home, ...changes };
  const request = resolveBenchOptions(options);
  const winners = new WinnerCache(home);
  const found = await tuningSteps(request, {
    model: 'm',
    modelFingerprint,
    winners,
    force: false,
    trials: undefined,
    ...changes,
  });
  return found.map(({ tasks, configs }) => [tasks.join(), configs.join()]);
}

test('only what has no winner of its own is tuned', async (t) => {
  const { home, own, all } = await stored(t);
  const config = ['dense', 'quest', 'top_p:default', 'hash_attention', 'auto'];
  t.deepEqual(await steps(home, config), [
    [task, 'quest,hash_attention'],
    [other, 'quest,hash_attention'],
  ]);
  await own({ config: 'quest' }, 1);
  await all([task, other], 2);
  t.deepEqual(await steps(home, config), [
    [task, 'hash_attention'],
    [other, 'quest,hash_attention'],
  ]);
  t.deepEqual(await steps(home, config, { force: true }), [
    [task, 'quest,hash_attention'],
    [other, 'quest,hash_attention'],
  ]);
  t.deepEqual(await steps(home, ['auto', 'dense']), [[other, 'any']]);
  t.deepEqual(await steps(home, config, { global: true }), [[`${task},${other}`, 'quest']]);
  t.deepEqual(await steps(home, ['dense', 'auto'], { global: true }), []);
});

test('the time of a search is judged by those that are stored, on the same task first', async (t) => {
  const { home, winners, own } = await stored(t);
  const request = resolveBenchOptions({ model: 'm', task, config: ['quest', 'any'], home });
  const options = { model: 'm', modelFingerprint, winners, force: true };
  const estimate = async (trials: number | undefined) =>
    (await tuningSteps(request, { ...options, trials }))[0]?.estimateMs;
  t.is(await estimate(10), undefined);
  await own({ task: other }, 1); // 27 trials in a minute
  t.is(await estimate(27), 120_000);
  const long = winner();
  await winners.write({ ...long, provenance: { ...long.provenance, searchMs: 270_000 } });
  t.is(await estimate(3), 60_000);
  t.is(await estimate(undefined), 10_000 * (27 + 81));
});
