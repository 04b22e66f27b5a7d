import test from 'ava';
import { validateConfig } from '../../ts/maskers/config-schema.js';
import { MASKERS, maskerOf } from '../../ts/maskers/registry.js';

const sink = { kind: 'sink', sinkSize: 4 };
const adaptive = { kind: 'adaptive_sampling', baseFraction: 0.02, epsilon: 0.1, delta: 0.1 };
const pig = { kind: 'magic_pig', lshL: 75, lshK: 8 };

const accepted = test.macro({
  exec(t, config: unknown) {
    t.is(validateConfig(config) as unknown, config);
  },
  title: (what = '') => `a config with ${what} is valid`,
});

test('no maskers', accepted, { maskers: [] });
test('a fraction in place of a count', accepted, {
  maskers: [{ kind: 'local', windowFraction: 0.01 }],
});
test('quantised scores', accepted, {
  maskers: [{ kind: 'top_k', heavySize: 9, scoreDtype: 'int8' }],
});
test('all options of magic_pig', accepted, {
  maskers: [sink, { ...pig, center: 'keys', minMatches: 2 }],
  semantics: 'exact',
});
test('the centring of the hub under hub semantics', accepted, {
  maskers: [{ ...pig, center: 'both', minMatches: 1 }],
  semantics: 'hub',
});

test('adaptive_sampling with the ends of the hub under hub semantics', accepted, {
  maskers: [{ ...adaptive, initOffsetSize: 0, localOffsetFraction: 0.1 }],
  semantics: 'hub',
});
test('a hash without a file under hub semantics', accepted, {
  maskers: [{ kind: 'hash_top_k', heavySize: 4, hatBits: 32 }],
  semantics: 'hub',
});

test('the default of every masker is valid under its semantics', (t) => {
  for (const { kind } of MASKERS) {
    const masker = maskerOf(kind, 'hub')?.defaultConfig;
    t.notThrows(() => validateConfig({ maskers: [masker], semantics: 'hub' }));
  }
});

test('the default of every masker is valid', (t) => {
  for (const { defaultConfig } of MASKERS)
    t.notThrows(() => validateConfig({ maskers: [defaultConfig] }));
});

const refused = test.macro({
  exec(t, config: unknown, message: RegExp) {
    t.throws(() => validateConfig(config), {
      instanceOf: TypeError,
      code: 'ERR_CONFIG',
      message,
    });
  },
  title: (what = '') => `a config with ${what} is refused`,
});

test('no chain', refused, {}, /the property maskers at the top level/);
test(
  'a misspelt chain',
  refused,
  { masker: [] },
  /Unknown name masker at \/masker \(did you mean maskers\?\)/,
);
test('a number in its place', refused, 3, /type object.*received 3 of type number/);
test(
  'an unknown kind',
  refused,
  { maskers: [sink, { ...pig, kind: 'magic_pgi' }] },
  /\/maskers\/1\/kind.*"magic_pgi".*did you mean magic_pig\?/,
);
test(
  'a misspelt option',
  refused,
  { maskers: [{ kind: 'sink', sink_size: 4 }] },
  /\/maskers\/0\/sink_size \(did you mean sinkSize\?\)/,
);
test(
  'a count and a fraction',
  refused,
  { maskers: [{ ...sink, sinkFraction: 0.1 }] },
  /exactly one of sinkSize .* and sinkFraction .*\/maskers\/0/,
);
test(
  'neither a count nor a fraction',
  refused,
  { maskers: [{ kind: 'top_k' }] },
  /exactly one of heavySize .* and heavyFraction/,
);
test(
  'a fraction as a count',
  refused,
  { maskers: [{ kind: 'sink', sinkSize: 0.1 }] },
  /type integer at \/maskers\/0\/sinkSize.*0\.1/,
);
test(
  'a fraction above 1',
  refused,
  { maskers: [{ kind: 'sink', sinkFraction: 1.5 }] },
  /<= 1 at \/maskers\/0\/sinkFraction/,
);
test('no hash tables', refused, { maskers: [{ ...pig, lshL: 0 }] }, />= 1 at \/maskers\/0\/lshL/);
test(
  'a missing option',
  refused,
  { maskers: [{ kind: 'magic_pig', lshL: 75 }] },
  /the property lshK at \/maskers\/0/,
);
test(
  'a misspelt choice',
  refused,
  { maskers: [{ ...pig, center: 'key' }] },
  /\/maskers\/0\/center.*did you mean keys\?/,
);
test(
  'centred queries in exact semantics',
  refused,
  { maskers: [{ ...pig, center: 'both' }] },
  /"keys" or "none" \(semantics exact\)/,
);
test(
  'two matches in hub semantics',
  refused,
  { maskers: [{ ...pig, minMatches: 2 }], semantics: 'hub' },
  /1 \(semantics hub\) at \/maskers\/0\/minMatches/,
);
test(
  'two sampling maskers',
  refused,
  { maskers: [pig, pig] },
  /at most one sampling masker.*\/maskers\/1/,
);
test(
  'misspelt semantics',
  refused,
  { maskers: [], semantics: 'hubb' },
  /"exact", "hub".*did you mean hub\?/,
);
test(
  'two samplers of different kinds',
  refused,
  { maskers: [adaptive, { kind: 'random_sampling', samplingRate: 0.1 }] },
  /at most one sampling masker.*\/maskers\/1/,
);
test(
  'a probability of 0',
  refused,
  { maskers: [{ kind: 'random_sampling', samplingRate: 0 }] },
  /> 0 at \/maskers\/0\/samplingRate/,
);
test('a share above 1', refused, { maskers: [{ kind: 'top_p', topP: 1.1 }] }, /<= 1 .*topP/);
test(
  'no page size',
  refused,
  { maskers: [{ kind: 'quest', heavySize: 9 }] },
  /the property pageSize/,
);
test(
  'scores of a type that no copy has',
  refused,
  { maskers: [{ kind: 'top_k', heavySize: 9, scoreDtype: 'int4' }] },
  /one of "kv", "int8" at \/maskers\/0\/scoreDtype.*did you mean int8/,
);
test(
  'quantised scores in hub semantics',
  refused,
  { maskers: [{ kind: 'top_k', heavySize: 9, scoreDtype: 'int8' }], semantics: 'hub' },
  /no scoreDtype \(it belongs to semantics exact\)/,
);
test(
  'quantised bounds in exact semantics',
  refused,
  { maskers: [{ kind: 'quest', heavySize: 9, pageSize: 16, labelBits: 4 }] },
  /no labelBits \(it belongs to semantics hub\)/,
);
test(
  'no channel file in exact semantics',
  refused,
  { maskers: [{ kind: 'double_sparsity', heavySize: 9 }] },
  /sortedChannelFile, a path, for double_sparsity.*\/maskers\/0/,
);
test(
  'no weight file in exact semantics',
  refused,
  { maskers: [{ kind: 'hash_top_k', heavySize: 9 }] },
  /hatWeightFile, a path, for hash_top_k/,
);
test(
  'the ends of the hub in exact semantics',
  refused,
  { maskers: [{ ...adaptive, initOffsetSize: 4 }] },
  /no initOffsetSize/,
);
test(
  'one end missing in hub semantics',
  refused,
  { maskers: [{ ...adaptive, initOffsetSize: 4 }], semantics: 'hub' },
  /exactly one of localOffsetSize and localOffsetFraction/,
);
test(
  'no first sample in exact semantics',
  refused,
  { maskers: [{ ...adaptive, baseFraction: 0 }] },
  /a value above 0 at \/maskers\/0\/baseFraction/,
);
test(
  'a certain error',
  refused,
  { maskers: [{ ...adaptive, delta: 1 }] },
  /< 1 at \/maskers\/0\/delta/,
);
