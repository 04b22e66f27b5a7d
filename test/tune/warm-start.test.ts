import test, { type ExecutionContext } from 'ava';
import { frontFolder } from '../../ts/cache/front.js';
import type { TaskKey, Winner } from '../../ts/cache/winner.js';
import { WinnerCache, winnerId } from '../../ts/cache/winner-cache.js';
import type { SparseConfig } from '../../ts/sparse-config.js';
import { resolveTuneOptions, type TuneOptions } from '../../ts/tune/options.js';
import { findWarmStarts } from '../../ts/tune/warm-start.js';
import { temporaryFolder } from '../helpers/folder.js';
import { front, metrics, validationRow, winner, winnerKey } from '../helpers/winners.js';

const config = 'streaming_llm';

/** A winner with one parameter that tells it apart. */
function won(sinkSize: number, key: Partial<TaskKey>, createdAt = '2026-01-01'): Winner {
  return {
    ...winner({ config, ...key }, {}, createdAt),
    params: { sinkSize, windowSize: 64 },
  };
}

async function found(t: ExecutionContext, stored: readonly Winner[], change = {}) {
  const home = await temporaryFolder(t);
  for (const one of stored) await new WinnerCache(home).write(one);
  return { home, warmStarts: await search(home, change) };
}

function search(home: string, change: Partial<TuneOptions> = {}) {
  const options = { model: 'm', task: 'niah_mq8@512', config: [config], home, ...change };
  const request = resolveTuneOptions(options);
  const [tuned] = request.configs;
  if (tuned === undefined) throw new Error('no config');
  const key = winnerKey({ config, objective: request.objective.text });
  return findWarmStarts(request, { config: tuned, key, shortestContext: 500 });
}

const sinks = (starts: readonly { params: object }[]) =>
  starts.map(({ params }) => (params as { sinkSize: number }).sinkSize);

const otherModel = { modelFingerprint: '1-f' };

test('the same model comes first, then the same task, the same benchmark, the newest', async (t) => {
  const { warmStarts } = await found(t, [
    won(1, { ...otherModel, spaceHash: 'any' }, '2026-09-01'),
    won(2, { ...otherModel, task: 'niah_mq8@2048' }, '2026-09-01'),
    won(3, { task: 'ruler/vt@512' }, '2026-09-01'),
    won(4, { task: 'niah_mq8@1024' }, '2026-03-01'),
    won(5, { task: 'niah_mq8@2048' }, '2026-02-01'),
    won(6, { objective: 'density s.t. kl<=0.1' }, '2026-01-01'),
  ]);
  t.deepEqual(sinks(warmStarts), [6, 4, 5, 3, 1, 2]);
  t.deepEqual(
    warmStarts.map(({ isSameModel }) => isSameModel),
    [true, true, true, true, false, false],
  );
  t.deepEqual(warmStarts[1]?.tasks, ['niah_mq8@1024']);
  t.is(warmStarts[1]?.id, winnerId(winnerKey({ config, task: 'niah_mq8@1024' })));
});

test('the winner that is searched, other configs and what cannot run are left out', async (t) => {
  const { warmStarts } = await found(t, [
    won(1, {}),
    won(2, { config: 'sink_masker', spaceHash: 'x' }),
    { ...won(3, { spaceHash: 'y' }), params: { sinkSize: 3, windowSize: 4000 } },
    won(4, { spaceHash: 'z' }),
  ]);
  t.deepEqual(sinks(warmStarts), [4]);
});

test('configurations are moved into the space, and equal ones are taken once', async (t) => {
  const space = { sinkSize: { maximum: 8 } };
  const { warmStarts } = await found(
    t,
    [
      won(100, { spaceHash: 'a' }, '2026-03-01'),
      won(50, { spaceHash: 'b' }, '2026-02-01'),
      won(5, { spaceHash: 'c' }, '2026-01-01'),
    ],
    { space },
  );
  t.deepEqual(sinks(warmStarts), [8, 5]);
});

test('at most eight are taken, and no more than a third of the trials', async (t) => {
  const stored = Array.from({ length: 12 }, (_, i) => won(i + 1, { spaceHash: `${i}` }));
  const { home, warmStarts } = await found(t, stored);
  t.is(warmStarts.length, 8);
  t.is((await search(home, { trials: 6 })).length, 2);
  t.is((await search(home, { trials: 1 })).length, 1);
  t.is((await search(home, { budget: { minutes: 1 } })).length, 8);
});

test('a winner without parameters is read from its config, where the space can express it', async (t) => {
  const of = (spaceHash: string, maskers: SparseConfig['maskers']): Winner => ({
    ...won(1, { spaceHash }),
    params: {},
    sparseConfig: { maskers },
  });
  const { warmStarts } = await found(t, [
    of('a', [{ kind: 'sink', sinkSize: 9 }]),
    of('b', [
      { kind: 'sink', sinkSize: 9 },
      { kind: 'local', windowSize: 99 },
    ]),
  ]);
  t.deepEqual(
    warmStarts.map(({ params }) => params),
    [{ sinkSize: 9, windowSize: 99 }],
  );
});

test('of a front the two best by the objective are taken, all where a front is searched', async (t) => {
  const home = await temporaryFolder(t);
  const row = (sinkSize: number, kl: number, density: number) =>
    validationRow({ params: { sinkSize, windowSize: 64 }, metrics: metrics({ kl, density }) });
  const key = winnerKey({ config, task: 'niah_mq8@1024', objective: 'pareto(kl,density)' });
  const rows = [row(1, 0.01, 0.5), row(2, 0.1, 0.09), row(3, 0.2, 0.05), row(4, 0.9, 0.01)];
  await frontFolder(home).write({ ...front(), key, rows });
  t.deepEqual(sinks(await search(home)), [2, 3]);
  t.deepEqual(sinks(await search(home, { objective: 'pareto(kl,density)' })), [1, 2, 3, 4]);
});

test('an empty home gives nothing', async (t) => {
  t.deepEqual((await found(t, [])).warmStarts, []);
});

test('a search over all methods takes the winners of each, and gives them its own', async (t) => {
  const stored = [
    won(1, { task: 'niah_mq8@1024' }),
    { ...won(2, { config: 'any' }, '2025-01-01'), params: { config, sinkSize: 2, windowSize: 64 } },
    {
      ...won(3, { config: 'any', spaceHash: 'o' }, '2025-01-01'),
      params: { config: 'sink_masker', sinkSize: 3 },
    },
  ];
  const { home, warmStarts } = await found(t, stored);
  t.deepEqual(
    warmStarts.map(({ params }) => params),
    [
      { sinkSize: 2, windowSize: 64 },
      { sinkSize: 1, windowSize: 64 },
    ],
  );
  const all = await search(home, { config: ['any'] });
  t.deepEqual(
    all.map(({ params }) => params).sort((a, b) => Number(a['sinkSize']) - Number(b['sinkSize'])),
    [
      { config, sinkSize: 1, windowSize: 64 },
      { config, sinkSize: 2, windowSize: 64 },
      { config: 'sink_masker', sinkSize: 3 },
    ],
  );
});
