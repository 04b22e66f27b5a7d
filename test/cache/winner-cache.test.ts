import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { WinnerCache, winnerId } from '../../ts/cache/winner-cache.js';
import { temporaryFolder } from '../helpers/folder.js';
import { validationRow, winner, winnerKey } from '../helpers/winners.js';

async function makeCache(t: ExecutionContext) {
  const home = await temporaryFolder(t);
  const warnings: string[] = [];
  return {
    home,
    warnings,
    cache: new WinnerCache(home, { onWarning: (text) => warnings.push(text) }),
  };
}

test('a written winner is read back by its key and by nothing else', async (t) => {
  const { cache } = await makeCache(t);
  const path = await cache.write(winner());
  t.deepEqual(await cache.read(winnerKey()), { path, id: winnerId(winnerKey()), winner: winner() });
  t.is(await cache.read(winnerKey({ spaceHash: 'other' })), undefined);
  t.is(
    await cache.read(winnerKey({ taskParameters: { length: 512, promptStyle: 'chat' } })),
    undefined,
  );
});

test('a file is named by readable parts and twelve digits of the key', async (t) => {
  const { cache } = await makeCache(t);
  const name = basename(cache.path(winnerKey({ task: 'ruler/vt@4096' })));
  t.regex(name, /^hash_attention-ruler_vt@4096-98362432-[0-9a-f]{12}\.json$/);
});

test('the order of the fields of a key does not matter', (t) => {
  const { config, ...rest } = winnerKey();
  t.is(winnerId({ config, ...rest }), winnerId(winnerKey()));
});

test('writing leaves one file, whole, and the second write wins', async (t) => {
  const { cache, home } = await makeCache(t);
  await Promise.all(Array.from({ length: 8 }, () => cache.write(winner())));
  const path = await cache.write(winner({}, { objective: 0.5 }));
  t.deepEqual(await readdir(join(home, 'winners')), [basename(path)]);
  t.is(JSON.parse(await readFile(path, 'utf8')).validation.rows[1].objective, 0.5);
});

const passesOver = test.macro({
  async exec(t, content: string, reason: RegExp) {
    const { cache, warnings } = await makeCache(t);
    const path = await cache.write(winner());
    await writeFile(path, content);
    t.is(await cache.read(winnerKey()), undefined);
    t.deepEqual(await cache.list(), []);
    t.true(
      warnings.length > 0 && warnings.every((text) => text.includes(path) && reason.test(text)),
      warnings.join(),
    );
  },
  title: (name) => `a file that ${name} is named in a warning and passed over`,
});

test('is empty', passesOver, '', /damaged/);
test('is cut off', passesOver, JSON.stringify(winner()).slice(0, 400), /damaged/);
test('is something else', passesOver, '[1, 2]', /no winner/);
test('is null', passesOver, 'null', /no winner/);
test('is of a newer schema', passesOver, '{"key":{"schemaVersion":2}}', /newer sparsetune/);
test(
  'lacks its config',
  passesOver,
  JSON.stringify({ ...winner(), sparseConfig: {} }),
  /its sparseConfig\.maskers is missing/,
);

test(
  'lacks its rungs',
  passesOver,
  JSON.stringify({ ...winner(), search: { ...winner().search, rungs: undefined } }),
  /its search\.rungs is missing/,
);
test(
  'has a row whose score is no number',
  passesOver,
  JSON.stringify(winner({}, { score: 'high' as unknown as number })),
  /validation\.rows are no rows/,
);
test(
  'has half a confidence',
  passesOver,
  JSON.stringify({
    ...winner(),
    validation: { ...winner().validation, confidence: { chosenAgain: 1 } },
  }),
  /its validation\.confidence\.others is missing/,
);
test(
  'has methods without fronts',
  passesOver,
  JSON.stringify({ ...winner(), methods: [{ config: 'quest', trials: 1 }] }),
  /its methods have no front/,
);

test('a file under the name of another key is passed over', async (t) => {
  const { cache, warnings } = await makeCache(t);
  const path = await cache.write(winner());
  await writeFile(path, JSON.stringify(winner({ config: 'magic_pig' })));
  t.is(await cache.read(winnerKey()), undefined);
  t.regex(warnings.join(), /another key/);
});

test('a home without winners lists none', async (t) => {
  t.deepEqual(await (await makeCache(t)).cache.list(), []);
});

test('a lookup takes the lowest validated objective, then the newest, of any space', async (t) => {
  const { cache } = await makeCache(t);
  await cache.write(winner({ spaceHash: 'a' }, { objective: 0.03 }, '2026-03-01'));
  await cache.write(winner({ spaceHash: 'b' }, { objective: 0.02 }, '2026-01-01'));
  await cache.write(winner({ spaceHash: 'c' }, { objective: 0.02 }, '2026-02-01'));
  await cache.write(
    winner({ spaceHash: 'd', objective: 'density s.t. kl<=0.1' }, { objective: 0.001 }),
  );
  await cache.write(winner({ spaceHash: 'e', task: 'niah_mq8@2048' }, { objective: 0.001 }));
  const { modelFingerprint, task, config, objective } = winnerKey();
  const query = { modelFingerprint, task, config };
  t.is((await cache.find({ ...query, objective }))?.winner.key.spaceHash, 'c');
  t.is((await cache.find(query))?.winner.key.spaceHash, 'd');
  t.is(await cache.find({ ...query, config: 'quest' }), undefined);
});

test('global winners of two configs are set side by side on their tasks, each in one unit', async (t) => {
  const { cache } = await makeCache(t);
  const { task, taskVersion, taskParameters, ...rest } = winnerKey();
  const tasks = ['passkey@512', task];
  const write = async (config: string, normalised: number, values: [number, number, number][]) => {
    const { validation, ...made } = winner({}, { objective: normalised });
    const evidence = values.map(([dense, untuned, own], i) => ({
      task: tasks[i] ?? '',
      contexts: 8,
      questions: 64,
      rows: [
        validationRow({ label: 'dense', objective: dense, isWinner: false }),
        validationRow({ label: 'default', objective: untuned, isWinner: false }),
        validationRow({ objective: own }),
      ],
    }));
    await cache.write({
      ...made,
      key: {
        ...rest,
        config,
        tasks,
        taskVersions: [taskVersion, taskVersion],
        taskParameters: [taskParameters, taskParameters],
      },
      validation: { ...validation, tasks: evidence },
    });
  };
  // Ten times as far from dense as its good default, and yet much nearer than the other.
  await write('hash_attention', 10, [
    [0, 0.0001, 0.001],
    [0, 0.0001, 0.001],
  ]);
  await write('sink_masker', 0.5, [
    [0, 2, 1],
    [0, 2, 1],
  ]);
  // Better than sink_masker on one task by less than it is worse on the other.
  await write('quest', 0.1, [
    [0, 2, 1.9],
    [0, 2, 0.9],
  ]);
  const { modelFingerprint } = rest;
  for (const globalTasks of [tasks, undefined]) {
    const query = { modelFingerprint, task, globalTasks };
    t.is((await cache.find(query))?.winner.key.config, 'hash_attention');
    await cache.remove((await cache.find(query))?.winner.key ?? winnerKey());
    t.is((await cache.find(query))?.winner.key.config, 'sink_masker');
    await write('hash_attention', 10, [
      [0, 0.0001, 0.001],
      [0, 0.0001, 0.001],
    ]);
  }
});

test('a winner is got by the start of its id and removed by its key', async (t) => {
  const { cache } = await makeCache(t);
  await cache.write(winner());
  const id = winnerId(winnerKey());
  t.is((await cache.get(id.slice(0, 6))).id, id);
  await t.throwsAsync(cache.get('zzzzzz'), { message: /cache ls/ });
  await t.throwsAsync(cache.get(''), { message: /cache ls/ });
  t.true(await cache.remove(winnerKey()));
  t.false(await cache.remove(winnerKey()));
  t.deepEqual(await cache.list(), []);
});

test('a folder that cannot be written is an error that names the file', async (t) => {
  const { cache, home } = await makeCache(t);
  await mkdir(home, { recursive: true });
  await writeFile(join(home, 'winners'), 'a file, not a folder');
  await t.throwsAsync(cache.write(winner()), {
    code: 'ERR_STORAGE',
    message: /hash_attention-niah_mq8@512/,
  });
});
