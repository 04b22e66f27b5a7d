import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { parsePythonJson } from '../../ts/cache/hub-files.js';
import { ImportedStarts } from '../../ts/cache/imported-starts.js';
import { hubFileName, hubText, importHub, isHubPath } from '../../ts/tune/hub-exchange.js';
import { resolveTuneOptions } from '../../ts/tune/options.js';
import { findWarmStarts } from '../../ts/tune/warm-start.js';
import { temporaryFolder } from '../helpers/folder.js';
import { hubFiles } from '../helpers/hub-files.js';
import { validationRow, winner, winnerKey } from '../helpers/winners.js';

const config = {
  maskers: [
    { kind: 'sink', sinkSize: 16 },
    { kind: 'local', windowSize: 32 },
    { kind: 'top_k', heavyFraction: 0.05 },
  ],
};

test('a winner is written as the hub writes its results, floats as Python does', (t) => {
  const found = winner({}, { config, objective: 2 });
  t.is(hubFileName(found), 'SmolLM2_niah_mq8@512_sink_local_oracle_top_k.json');
  t.is(
    hubText(found),
    `{
  "model": "SmolLM2",
  "task": "niah_mq8@512",
  "masker_name": "sink_local_oracle_top_k",
  "sparse_config": {
    "type": "ResearchAttentionConfig",
    "masker_configs": [
      {
        "type": "SinkMaskerConfig",
        "params": {
          "sink_size": 16
        }
      },
      {
        "type": "LocalMaskerConfig",
        "params": {
          "window_size": 32
        }
      },
      {
        "type": "OracleTopKConfig",
        "params": {
          "heavy_size": 0.05
        }
      }
    ]
  },
  "masker_classes": [
    "SinkMaskerConfig",
    "LocalMaskerConfig",
    "OracleTopKConfig"
  ],
  "hyperparams": {
    "SinkMaskerConfig_sink_size": 16,
    "LocalMaskerConfig_window_size": 32,
    "OracleTopKConfig_heavy_size": 0.05
  },
  "score": 2.0,
  "search_time": 60.0,
  "num_trials": 27
}
`,
  );
});

test('a share of all keys is no count of one', (t) => {
  const all = {
    maskers: [
      { kind: 'sink', sinkFraction: 1 },
      { kind: 'top_p', topP: 0 },
    ],
  };
  const text = hubText(winner({}, { config: all }));
  t.regex(text, /"sink_size": 1\.0\n/);
  t.regex(text, /"top_p": 0\.0\n/);
});

test("Python's JSON keeps whole floats apart, and knows no NaN", (t) => {
  t.deepEqual(
    parsePythonJson(
      '{"a": 1.0, "b": 1, "c": 0.5, "d": NaN, "e": -Infinity, "f": "1.0 NaN", "g": [1e3]}',
    ),
    { a: { float: 1 }, b: 1, c: 0.5, d: null, e: null, f: '1.0 NaN', g: [{ float: 1000 }] },
  );
});

/** A folder with the files of the hub, and a home. */
async function folders(t: ExecutionContext, files: Readonly<Record<string, string>> = hubFiles) {
  const folder = await temporaryFolder(t);
  const hub = join(folder, 'run_1');
  await mkdir(hub);
  for (const [name, text] of Object.entries(files)) await writeFile(join(hub, name), text);
  return { hub, home: join(folder, 'home') };
}

test('results of both formats become configurations of ours', async (t) => {
  const { hub, home } = await folders(t);
  t.true(await isHubPath(hub));
  const imports = await importHub(hub, home);
  t.deepEqual(
    imports.map((each) =>
      each.outcome === 'skipped' ? each.reason : [each.outcome, each.configs],
    ),
    [
      ['added', ['magic_pig']],
      ['added', ['adaptive_sampling']],
      ['added', ['hash_attention']],
    ],
  );
  const starts = (await new ImportedStarts(home).list()).map(({ start }) => start);
  const of = (name: string) => starts.find(({ from }) => from.name === name);
  t.like(of('hash_attention'), {
    config: {
      maskers: [
        { kind: 'sink', sinkSize: 32 },
        { kind: 'local', windowSize: 64 },
        { kind: 'top_k', heavySize: 128 },
      ],
    },
    from: { model: 'meta-llama/Llama-3.1-8B', task: 'loogle/shortdep_qa', score: 0.07 },
    changes: [],
  });
  t.like(of('adaptive_sampling'), {
    config: {
      maskers: [{ kind: 'adaptive_sampling', baseFraction: 0.05, epsilon: 0.1, delta: 0.08 }],
    },
    from: { task: 'ruler' },
    changes: [
      'adaptive_sampling: init_offset has no counterpart',
      'adaptive_sampling: local_offset has no counterpart',
    ],
  });
  t.false('score' in (of('adaptive_sampling')?.from ?? {}));
  t.like(of('sink_local_magic_pig'), {
    config: {
      maskers: [
        { kind: 'sink', sinkFraction: 0.01 },
        { kind: 'local', windowSize: 64 },
        { kind: 'magic_pig', lshL: 75, lshK: 8, center: 'keys', minMatches: 1 },
      ],
    },
    from: { score: 1 },
  });
  const again = await importHub(hub, home);
  t.deepEqual(
    again.map(({ outcome }) => outcome),
    ['known', 'known', 'known'],
  );
  t.is((await new ImportedStarts(home).list()).length, 3);
});

test('files without anything to begin with are skipped with the reason, and others that lie beside not read', async (t) => {
  const main = (parts: object) =>
    JSON.stringify({ model: 'm', task: 't', masker_name: 'n', ...parts });
  const { hub, home } = await folders(t, {
    'a.json': main({ sparse_config: null }),
    'b.json': main({
      sparse_config: { masker_configs: [{ type: 'SinkMaskerConfig' }] },
      num_trials: 0,
    }),
    'c.json': main({ sparse_config: { masker_configs: [{ type: 'PQCacheConfig', params: {} }] } }),
    'd.json': main({ sparse_config: { masker_configs: [] } }),
    'e.json':
      '{"best_params": {"pqcache_bits": 3}, "model_name": "m", "config_type": "pq", "benchmark_name": "b"}',
    'f.json': '{"best_params": {}',
    'g.json': main({
      sparse_config: {
        masker_configs: [
          { type: 'OracleTopPMaskerConfig', params: { top_p: 0.5 } },
          { type: 'QuestTopKMaskerConfig', params: { heavy_size: 0.1, page_size: 16 } },
        ],
      },
    }),
    'x_trials.json': '{}',
    'optimization_summary.json': '{}',
    'notes.txt': 'mine',
  });
  const imports = await importHub(hub, home);
  const reasons = imports.map((each) => (each.outcome === 'skipped' ? each.reason : 'added'));
  t.is(reasons.length, 7);
  for (const [i, reason] of [
    /dense attention/,
    /search failed/,
    /PQCacheConfig/,
    /no masker_configs/,
    /pqcache_bits/,
    /JSON/,
    /no config here/,
  ].entries())
    t.regex(reasons[i] ?? '', reason);
  t.deepEqual(await new ImportedStarts(home).list(), []);
});

async function begins(home: string, name: string, shortestContext: number, space?: object) {
  const options = {
    model: 'm',
    task: 'niah_mq8@512',
    config: [name],
    home,
    ...(space && { space }),
  };
  const request = resolveTuneOptions(options);
  const [tuned] = request.configs;
  if (tuned === undefined) throw new Error('no config');
  const key = winnerKey({ config: name, objective: request.objective.text });
  return findWarmStarts(request, { config: tuned, key, shortestContext });
}

test('a search begins with them, sizes turned into the form that it searches', async (t) => {
  const { hub, home } = await folders(t);
  await importHub(hub, home);
  const [top] = await begins(home, 'hash_attention', 2048);
  t.like(top, { tasks: ['loogle/shortdep_qa'], isSameModel: false });
  t.deepEqual(top?.params, { sinkSize: 32, windowSize: 64, heavyFraction: 128 / 2048 });
  const [pig] = await begins(home, 'magic_pig', 2048);
  t.deepEqual(pig?.params, {
    sinkSize: 20, // 0.01 of 2048
    windowSize: 64,
    lshL: 75,
    lshK: 8,
    minMatches: 1,
    center: 'keys',
  });
  t.like((await begins(home, 'adaptive_sampling', 2048))[0]?.params, {
    baseFraction: 0.05,
    epsilon: 0.1,
    delta: 0.08,
  });
  t.deepEqual(await begins(home, 'streaming_llm', 2048), []);
  t.deepEqual((await begins(home, 'any', 2048)).map(({ params }) => params['config']).sort(), [
    'adaptive_sampling',
    'hash_attention',
    'magic_pig',
  ]);
  t.deepEqual(await begins(home, 'hash_attention', 100), []);
});

test('winners of our own come before them', async (t) => {
  const { hub, home } = await folders(t);
  await importHub(hub, home);
  const { WinnerCache } = await import('../../ts/cache/winner-cache.js');
  const own = winner({ modelFingerprint: '1-f', task: 'ruler/vt@512' }, validationRow());
  await new WinnerCache(home).write({
    ...own,
    params: { sinkSize: 4, windowSize: 8, heavyFraction: 0.05 },
  });
  const [first, second] = await begins(home, 'hash_attention', 2048);
  t.is(first?.params['sinkSize'], 4);
  t.is(second?.params['sinkSize'], 32);
});

test('an imported configuration that is damaged is passed over with a warning', async (t) => {
  const { hub, home } = await folders(t);
  await importHub(hub, home);
  await writeFile(join(home, 'starts', 'bad.json'), '{');
  await writeFile(join(home, 'starts', 'other.json'), '{"schemaVersion":2}');
  const warnings: string[] = [];
  const starts = await new ImportedStarts(home, (text) => warnings.push(text)).list();
  t.is(starts.length, 3);
  t.is(warnings.length, 2);
});
