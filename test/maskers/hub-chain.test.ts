import test from 'ava';
import { fromHubChain, type HubMasker, toHubChain } from '../../ts/maskers/hub-chain.js';
import type { SparseConfig } from '../../ts/sparse-config.js';

const chain = (...maskers: SparseConfig['maskers'][number][]): SparseConfig => ({ maskers });

/** A config of ours and what the hub writes for it: whole numbers count keys, floats are shares. */
const exact: readonly (readonly [SparseConfig, readonly HubMasker[]])[] = [
  [
    chain({ kind: 'sink', sinkSize: 16 }, { kind: 'local', windowFraction: 0.05 }),
    [
      { type: 'SinkMaskerConfig', params: { sink_size: 16 } },
      { type: 'LocalMaskerConfig', params: { window_size: { float: 0.05 } } },
    ],
  ],
  [
    chain({ kind: 'top_k', heavySize: 256 }),
    [{ type: 'OracleTopKConfig', params: { heavy_size: 256 } }],
  ],
  [
    chain({ kind: 'top_p', topP: 1 }),
    [{ type: 'OracleTopPMaskerConfig', params: { top_p: { float: 1 } } }],
  ],
];

for (const [config, hub] of exact) {
  const title = config.maskers.map(({ kind }) => kind).join(', ');
  test(`${title} is the same there, and comes back as it was`, (t) => {
    t.deepEqual(toHubChain(config), hub);
    t.deepEqual(fromHubChain(hub), { config, changes: [] });
  });
}

test('what does not change a result is left out', (t) => {
  const config = {
    ...chain({ kind: 'top_k', heavySize: 4, scoreDtype: 'kv' }),
    share: 'head',
  } as const;
  t.deepEqual(toHubChain(config), [{ type: 'OracleTopKConfig', params: { heavy_size: 4 } }]);
});

const refused: readonly (readonly [string, SparseConfig, RegExp])[] = [
  ['an int8 copy', chain({ kind: 'top_k', heavySize: 4, scoreDtype: 'int8' }), /top_k: .*int8/],
  ['quest', chain({ kind: 'quest', heavySize: 64, pageSize: 16 }), /quest: .*three pages/],
  ['random_sampling', chain({ kind: 'random_sampling', samplingRate: 0.1 }), /with replacement/],
  [
    'adaptive_sampling',
    chain({ kind: 'adaptive_sampling', baseSize: 16, epsilon: 0.1, delta: 0.1 }),
    /adaptive_sampling: /,
  ],
  ['magic_pig', chain({ kind: 'magic_pig', lshL: 8, lshK: 4 }), /magic_pig: .*first match/],
  [
    'hash_top_k',
    chain({ kind: 'hash_top_k', heavySize: 8, hatWeightFile: 'w.json' }),
    /hash_top_k: /,
  ],
  [
    'two maskers',
    chain({ kind: 'quest', heavySize: 64, pageSize: 16 }, { kind: 'magic_pig', lshL: 8, lshK: 4 }),
    /quest: .*; magic_pig: /,
  ],
  [
    'a config with its semantics',
    { ...chain({ kind: 'sink', sinkSize: 1 }), semantics: 'hub' },
    /semantics exact/,
  ],
];
for (const [name, config, message] of refused) {
  test(`${name} is refused with what the hub cannot express`, (t) => {
    const error = t.throws(() => toHubChain(config), { instanceOf: TypeError, message });
    t.is((error as { code?: unknown }).code, 'ERR_CONFIG');
  });
}

test('what has no counterpart here is left out, and told', (t) => {
  const { config, changes } = fromHubChain([
    {
      type: 'MagicPigConfig',
      params: { lsh_l: 75, lsh_k: 8, center: false, packing: 'int64', seed: 42 },
    },
  ]);
  t.deepEqual(config.maskers, [
    { kind: 'magic_pig', lshL: 75, lshK: 8, center: 'none', minMatches: 1 },
  ]);
  t.deepEqual(changes, [
    'magic_pig: packing has no counterpart',
    'magic_pig: seed has no counterpart',
    'magic_pig: minMatches is 1, as there',
  ]);
});

const adaptive = 'AdaptiveSamplingMaskerConfig';
test('a base rate is a count or a share as Python tells them apart', (t) => {
  const base = (value: number | { float: number }) =>
    fromHubChain([
      { type: adaptive, params: { base_rate_sampling: value, epsilon: 0.1, delta: 0.2 } },
    ]);
  t.like(base(32).config.maskers[0], { baseSize: 32 });
  t.like(base(0.05).config.maskers[0], { baseFraction: 0.05 });
  t.throws(() => base({ float: 1 }), { message: /baseFraction/ });
});

for (const [name, hub, message] of [
  [
    'an unknown class',
    { type: 'HashAttentionTopKMaskerConfig', params: {} },
    /HashAttentionTopKMaskerConfig/,
  ],
  [
    'an unknown parameter',
    { type: 'SinkMaskerConfig', params: { sink_size: 4, size: 3 } },
    /no parameter size/,
  ],
  [
    'a value that is no number',
    { type: 'SinkMaskerConfig', params: { sink_size: 'all' } },
    /sinkFraction/,
  ],
] as const) {
  test(`${name} in a chain of the hub is refused`, (t) => {
    t.throws(() => fromHubChain([hub]), { instanceOf: TypeError, message });
  });
}
