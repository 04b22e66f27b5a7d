import test from 'ava';
import { SearchSpaceError, SparseTuneError } from '../../ts/errors.js';
import { validateConfig } from '../../ts/maskers/config-schema.js';
import type { MaskerConfig } from '../../ts/maskers/masker.js';
import { changeSpace, getPreset, listPresets, registerConfig } from '../../ts/maskers/presets.js';
import { Rng } from '../../ts/search/rng.js';
import { SearchSpace } from '../../ts/space/search-space.js';

const tunable = listPresets().filter(({ name }) => name !== 'dense');

test('the names of the configs are those people know', (t) => {
  const names = listPresets().map(({ name }) => name);
  t.deepEqual(names.slice(0, 6), [
    'dense',
    'sink_masker',
    'local_masker',
    'streaming_llm',
    'hash_attention',
    'magic_pig',
  ]);
  t.deepEqual(names.slice(6, 10), ['adaptive_sampling', 'random_sampling', 'top_p', 'quest']);
});

test('the untuned defaults are those people use', (t) => {
  t.deepEqual(getPreset('magic_pig').defaultConfig.maskers, [
    { kind: 'sink', sinkSize: 128 },
    { kind: 'local', windowSize: 128 },
    { kind: 'magic_pig', lshL: 8, lshK: 8, minMatches: 2, center: 'keys' },
  ]);
  t.deepEqual(getPreset('hash_attention').defaultConfig.maskers[2], {
    kind: 'top_k',
    heavyFraction: 0.1,
  });
  t.deepEqual(
    getPreset('adaptive_sampling').defaultConfig.maskers.map(({ kind }) => kind),
    ['sink', 'local', 'top_k', 'adaptive_sampling'],
  );
  t.deepEqual(getPreset('dense').defaultConfig, { maskers: [] });
});

test('an unknown config is refused with the nearest name', (t) => {
  t.throws(() => getPreset('magicpig'), {
    instanceOf: SparseTuneError,
    code: 'ERR_CONFIG',
    message: /did you mean magic_pig\?/,
  });
});

test('every sample of every default space composes a valid config', (t) => {
  for (const preset of tunable) {
    const space = SearchSpace.parse(preset.space);
    const rng = Rng.at(2, 0);
    for (let i = 0; i < 200; i++)
      t.notThrows(() => validateConfig(preset.compose(space.sample(rng.uniform))));
  }
});

test('default spaces hold many configs of density 0.1 at 450 tokens', (t) => {
  // What these keep depends on the keys, not on their sizes alone.
  const dataDependent = ['top_p', 'adaptive_sampling'];
  for (const preset of tunable.filter(({ name }) => !dataDependent.includes(name))) {
    const space = SearchSpace.parse(preset.space);
    const rng = Rng.at(3, 0);
    const sparse = Array.from({ length: 1000 }, () => space.sample(rng.uniform)).filter(
      (params) => {
        const { maskers } = preset.compose(params);
        const kept = maskers.map((masker) => expectedKeys(masker, 450));
        return kept.reduce((a, b) => a + b) <= 45;
      },
    );
    t.true(sparse.length >= 50, `${preset.name}: ${sparse.length} of 1000`);
  }
});

test('default spaces reach a tenth of 32k keys', (t) => {
  for (const name of ['local_masker', 'streaming_llm', 'hash_attention']) {
    const { properties } = getPreset(name).space as {
      properties: Record<string, { maximum: number }>;
    };
    t.true((properties['windowSize']?.maximum ?? 0) >= 3277, name);
  }
});

test('parameters replace what they name and the form of a size', (t) => {
  t.deepEqual(getPreset('hash_attention').compose({ sinkSize: 3, heavySize: 20 }).maskers, [
    { kind: 'sink', sinkSize: 3 },
    { kind: 'local', windowSize: 128 },
    { kind: 'top_k', heavySize: 20 },
  ]);
});

test('a value that the masker refuses is a config error', (t) => {
  t.throws(() => getPreset('magic_pig').compose({ lshK: 99 }), {
    code: 'ERR_CONFIG',
    message: /\/maskers\/2\/lshK/,
  });
});

test('sizes that sum to the context are infeasible, one key less is not', (t) => {
  const { infeasibility } = getPreset('hash_attention');
  t.regex(
    infeasibility({ sinkSize: 5, windowSize: 400, heavyFraction: 0.1 }, { nKv: 450 }) ?? '',
    /sink 5 \+ local 400 \+ top_k 45 = 450 keys.*450/,
  );
  t.is(
    infeasibility({ sinkSize: 4, windowSize: 400, heavyFraction: 0.1 }, { nKv: 450 }),
    undefined,
  );
});

test('a config without a space gets that of its maskers', (t) => {
  const { space } = registerConfig('t_heavy', {
    maskers: ['sink', { kind: 'local', windowFraction: 0.1 }],
  });
  t.deepEqual(Object.keys((space as { properties: object }).properties), [
    'sinkSize',
    'windowFraction',
  ]);
  t.is(getPreset('t_heavy').space, space);
});

test('options that two maskers share are named by their masker', (t) => {
  const preset = registerConfig('t_twice', {
    maskers: ['local', { kind: 'local', windowSize: 8 }, 'sink'],
  });
  t.deepEqual(Object.keys((preset.space as { properties: object }).properties), [
    'local.windowSize',
    'local2.windowSize',
    'sinkSize',
  ]);
  t.deepEqual(preset.compose({ 'local2.windowSize': 5 }).maskers[1], {
    kind: 'local',
    windowSize: 5,
  });
});

test("a space of one's own may hold alternatives", (t) => {
  const preset = registerConfig('t_either', {
    maskers: ['sink', 'top_k'],
    space: {
      oneOf: [
        {
          properties: {
            unit: { const: 'count' },
            heavySize: { type: 'integer', minimum: 1, maximum: 64 },
          },
        },
        {
          properties: {
            unit: { const: 'fraction' },
            heavyFraction: { type: 'number', minimum: 0.01, maximum: 0.2 },
          },
        },
      ],
    },
  });
  t.deepEqual(preset.compose({ unit: 'count', heavySize: 7 }).maskers[1], {
    kind: 'top_k',
    heavySize: 7,
  });
});

test('a space with a parameter that is no option is refused', (t) => {
  const space = { properties: { sink_size: { type: 'integer', minimum: 1, maximum: 4 } } };
  const error = t.throws(() => registerConfig('t_wrong', { maskers: ['sink'], space }), {
    instanceOf: SearchSpaceError,
  });
  t.is(error?.path, '/properties/sink_size');
  t.regex(error?.message ?? '', /did you mean sinkSize\?/);
});

test('a changed space belongs to the same config', (t) => {
  const preset = changeSpace(getPreset('magic_pig'), { lshK: { const: 9 } });
  t.is(preset.name, 'magic_pig');
  t.is(SearchSpace.parse(preset.space).sample(() => 0.5)['lshK'], 9);
  t.like(getPreset('magic_pig').space, { properties: { lshK: { minimum: 2 } } });
});

test('a range that its masker refuses is an error before any trial', (t) => {
  const widened = () => changeSpace(getPreset('magic_pig'), { lshK: { maximum: 99 } });
  const error = t.throws(widened, { instanceOf: SearchSpaceError });
  t.is(error?.path, '/properties/lshK');
  t.regex(error?.message ?? '', /range of lshK is too wide: Expected a value <= 64/);
});

test('a space may search how a group shares its lists; no default space does', (t) => {
  const space = { type: 'object', properties: { share: { enum: ['group', 'head'] } } };
  const preset = registerConfig('t_share', { maskers: ['sink', 'top_k'], space });
  t.is(preset.compose({ share: 'head' }).share, 'head');
  t.is(preset.compose({}).share, undefined);
  t.false(Object.keys(getPreset('quest').space['properties'] ?? {}).includes('share'));
  const ofHub = () =>
    registerConfig('t_share_hub', { maskers: ['top_k'], semantics: 'hub', space });
  t.throws(ofHub, { message: /share/ });
});

test('hub semantics get the options of the hub', (t) => {
  const preset = registerConfig('t_hub', { maskers: ['magic_pig'], semantics: 'hub' });
  t.like(preset.defaultConfig, { semantics: 'hub' });
  t.deepEqual((preset.space as { properties: Record<string, unknown> }).properties['center'], {
    enum: ['both', 'none'],
  });
});

/** Share of keys sampled where query and key are at right angles, as most are. */
function expectedShare(l: number, k: number, minMatches: number): number {
  const p = 0.5 ** k;
  const none = (1 - p) ** l;
  return minMatches === 1 ? 1 - none : 1 - none - l * p * (1 - p) ** (l - 1);
}

/** Keys that a masker keeps of `nKv` where query and key are at right angles. */
function expectedKeys({ kind, ...options }: MaskerConfig, nKv: number): number {
  const option = (name: string) => Number(options[name]);
  switch (kind) {
    case 'magic_pig':
      return expectedShare(option('lshL'), option('lshK'), option('minMatches')) * nKv;
    case 'random_sampling':
      return option('samplingRate') * nKv;
    case 'top_k':
      return option('heavyFraction') * nKv;
    case 'quest': {
      // The query's own page, and at least one more.
      const pages = Math.floor((option('heavyFraction') * nKv) / option('pageSize'));
      return (Math.max(1, pages) + 1) * option('pageSize');
    }
    default:
      return Number(options['sinkSize'] ?? options['windowSize']);
  }
}
