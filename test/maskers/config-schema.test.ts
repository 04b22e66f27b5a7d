import test from 'ava';
import { validateConfig } from '../../ts/maskers/config-schema.js';
import { MASKERS } from '../../ts/maskers/registry.js';

const sink = { kind: 'sink', sinkSize: 4 };
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
test('all options of magic_pig', accepted, {
  maskers: [sink, { ...pig, center: 'keys', minMatches: 2 }],
  semantics: 'exact',
});
test('the centring of the hub under hub semantics', accepted, {
  maskers: [{ ...pig, center: 'both', minMatches: 1 }],
  semantics: 'hub',
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
