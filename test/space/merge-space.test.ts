import test from 'ava';
import { SearchSpaceError } from '../../ts/errors.js';
import { mergeSpace } from '../../ts/space/merge-space.js';

const base = {
  type: 'object',
  properties: {
    windowSize: { type: 'integer', minimum: 1, maximum: 512, 'x-search': { scale: 'log' } },
    lshK: { type: 'integer', minimum: 2, maximum: 16 },
    center: { enum: ['keys', 'none'] },
  },
};

test('a range is narrowed and keeps the rest', (t) => {
  const merged = mergeSpace(base, { properties: { windowSize: { minimum: 16, maximum: 64 } } });
  t.like(merged, {
    properties: {
      windowSize: { type: 'integer', minimum: 16, maximum: 64, 'x-search': { scale: 'log' } },
    },
  });
});

test('a range is widened', (t) => {
  t.like(mergeSpace(base, { lshK: { maximum: 24 } }), {
    properties: { lshK: { minimum: 2, maximum: 24 } },
  });
});

test('a parameter is fixed', (t) => {
  const merged = mergeSpace(base, { lshK: { const: 8 }, center: { const: 'keys' } });
  t.deepEqual(merged['properties'], {
    ...base.properties,
    lshK: { const: 8 },
    center: { const: 'keys' },
  });
});

test('the base stays as it is', (t) => {
  const before = structuredClone(base);
  mergeSpace(base, { lshK: { const: 8 } });
  t.deepEqual(base, before);
});

test('a parameter of an alternative is changed there', (t) => {
  const conditional = {
    oneOf: [
      { properties: { kind: { const: 'a' }, n: { type: 'integer', minimum: 1, maximum: 9 } } },
      { properties: { kind: { const: 'b' } } },
    ],
  };
  const merged = mergeSpace(conditional, { n: { const: 4 } });
  t.deepEqual(merged, {
    oneOf: [{ properties: { kind: { const: 'a' }, n: { const: 4 } } }, conditional.oneOf[1]],
  });
});

test('fixing a discriminator keeps the alternatives it names', (t) => {
  const conditional = {
    oneOf: [
      { properties: { kind: { const: 'a' }, n: { type: 'integer', minimum: 1, maximum: 9 } } },
      { properties: { kind: { const: 'b' } } },
    ],
  };
  t.deepEqual(mergeSpace(conditional, { kind: { const: 'a' } }), {
    oneOf: [conditional.oneOf[0]],
    'x-search': {},
  });
  t.throws(() => mergeSpace(conditional, { kind: { const: 'c' } }), {
    message: /"a" or "b".*\/kind/,
  });
});

const refused = test.macro({
  exec(t, change: unknown, path: string, message: RegExp) {
    const error = t.throws(() => mergeSpace(base, change), { instanceOf: SearchSpaceError });
    t.is(error?.path, path);
    t.regex(error?.message ?? '', message);
  },
  title: (what = '') => `a change with ${what} is refused`,
});

test(
  'an unknown parameter',
  refused,
  { lsh_k: { const: 8 } },
  '/lsh_k',
  /Unknown parameter lsh_k.*did you mean lshK\?/,
);
test('a bare value', refused, { lshK: 8 }, '/lshK', /e\.g\. \{"const": 8\}.*received 8/);
test(
  'a text for a number',
  refused,
  { lshK: { const: '8' } },
  '/lshK/const',
  /an integer.*received "8"/,
);
test(
  'a bound on choices',
  refused,
  { center: { minimum: 1 } },
  '/center',
  /whole range, an enum or a const/,
);
test(
  'a minimum above the maximum',
  refused,
  { lshK: { minimum: 20 } },
  '/properties/lshK/maximum',
  /at least the minimum 20/,
);
