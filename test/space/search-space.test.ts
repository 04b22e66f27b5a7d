import test from 'ava';
import fc from 'fast-check';
import { SearchSpaceError } from '../../ts/errors.js';
import { Rng } from '../../ts/search/rng.js';
import { SearchSpace } from '../../ts/space/search-space.js';
import { spaceSchemas } from '../helpers/space-schemas.js';

const lshK = { type: 'integer', minimum: 2, maximum: 16 };

const malformed = test.macro({
  exec(t, schema: Record<string, unknown>, path: string, message: RegExp) {
    const error = t.throws(() => SearchSpace.parse(schema), {
      instanceOf: SearchSpaceError,
      code: 'ERR_SEARCH_SPACE',
    });
    t.is(error?.path, path);
    t.regex(error?.message ?? '', message);
  },
  title: (what = '') => `a space with ${what} is refused`,
});

const of = (parameter: unknown) => ({ properties: { lshK: parameter } });

test(
  'a misspelt keyword',
  malformed,
  of({ ...lshK, maximun: 3 }),
  '/properties/lshK/maximun',
  /did you mean maximum\?/,
);
test(
  'a misspelt top-level keyword',
  malformed,
  { propertes: {} },
  '/propertes',
  /did you mean properties\?/,
);
test(
  'an unknown scale',
  malformed,
  of({ ...lshK, 'x-search': { scale: 'lgo' } }),
  '/properties/lshK/x-search/scale',
  /"linear", "log".*received "lgo".*did you mean log\?/,
);
test(
  'a misspelt key of x-search',
  malformed,
  of({ ...lshK, 'x-search': { sclae: 'log' } }),
  '/properties/lshK/x-search/sclae',
  /did you mean scale\?/,
);
test(
  'a log scale from 0',
  malformed,
  of({ type: 'number', minimum: 0, maximum: 1, 'x-search': { scale: 'log' } }),
  '/properties/lshK/minimum',
  /above 0.*received 0/,
);
test(
  'a maximum below the minimum',
  malformed,
  of({ type: 'integer', minimum: 3, maximum: 2 }),
  '/properties/lshK/maximum',
  /at least the minimum 3 .*received 2/,
);
test(
  'a range without a maximum',
  malformed,
  of({ type: 'integer', minimum: 3 }),
  '/properties/lshK',
  /a maximum, an integer/,
);
test(
  'a text as a bound',
  malformed,
  of({ ...lshK, minimum: '2' }),
  '/properties/lshK/minimum',
  /type number.*received "2" of type string/,
);
test(
  'a parameter of type string',
  malformed,
  of({ type: 'string' }),
  '/properties/lshK/type',
  /"number", "integer" or "boolean"/,
);
test('an empty enum', malformed, of({ enum: [] }), '/properties/lshK/enum', /at least one value/);
test(
  'repeated choices',
  malformed,
  of({ enum: [1, 1] }),
  '/properties/lshK/enum',
  /different values|duplicate/,
);
test(
  'weights of another number than the choices',
  malformed,
  of({ enum: [1, 2], 'x-search': { prior: { kind: 'weights', weights: [1] } } }),
  '/properties/lshK/x-search/prior/weights',
  /2 weights/,
);
test(
  'a grid that misses multipleOf',
  malformed,
  of({ ...lshK, multipleOf: 4 }),
  '/properties/lshK/x-search/step',
  /multiple of multipleOf 4/,
);
test(
  'alternatives that nothing tells apart',
  malformed,
  { oneOf: [{ properties: { a: lshK } }, { properties: { b: lshK } }] },
  '/oneOf',
  /a different const in each/,
);
test('no parameter', malformed, { properties: {} }, '/properties', /at least one parameter/);

test('a value outside its range is refused with its place', (t) => {
  const space = SearchSpace.parse(of(lshK));
  const error = t.throws(() => space.check({ lshK: 17 }), { instanceOf: SearchSpaceError });
  t.is(error?.path, '/lshK');
  t.regex(error?.message ?? '', /<= 16.*received 17 of type number/);
});

test('an unknown parameter is refused with the nearest name', (t) => {
  const space = SearchSpace.parse(of(lshK));
  t.throws(() => space.check({ lshK: 4, lsh_k: 4 }), {
    message: /Unknown name lsh_k at \/lsh_k \(did you mean lshK\?\)/,
  });
});

test('size counts the configurations of a finite space', (t) => {
  const sizes = Object.values(spaceSchemas).map((schema) => SearchSpace.parse(schema).size);
  t.deepEqual(sizes, [3 * 2 * 2, Number.POSITIVE_INFINITY, 3 * (4 + 2 * 5), 21]);
});

test('enumeration holds each configuration once', (t) => {
  for (const schema of Object.values(spaceSchemas)) {
    const space = SearchSpace.parse(schema);
    if (!Number.isFinite(space.size)) continue;
    const keys = [...space.enumerate()].map((params) => space.key(params));
    t.is(new Set(keys).size, space.size);
    t.is(keys.length, space.size);
  }
});

test('every sample satisfies the schema and survives encoding', (t) => {
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(spaceSchemas)), fc.nat(), (schema, seed) => {
      const space = SearchSpace.parse(schema);
      const params = space.sample(Rng.at(seed, 0).uniform);
      space.check(params);
      const unit = space.encode(params);
      const again = space.decode(unit);
      space.check(again);
      for (const [name, value] of Object.entries(params)) {
        if (typeof value === 'number')
          t.true(Math.abs(Number(again[name]) - value) <= 1e-9 * Math.abs(value));
        else t.is(again[name], value);
      }
      t.true(unit.every((u) => Number.isNaN(u) || (u >= 0 && u <= 1)));
    }),
    { numRuns: 300, seed: 5 },
  );
});

test('values of a stepped log range have cells of equal probability per logarithm', (t) => {
  const space = SearchSpace.parse({
    properties: { n: { type: 'integer', minimum: 1, maximum: 64, 'x-search': { scale: 'log' } } },
  });
  const rng = Rng.at(3, 0);
  const draws = Array.from({ length: 20_000 }, () => Number(space.sample(rng.uniform)['n']));
  const share = draws.filter((n) => n <= 8).length / draws.length;
  const expected = Math.log(8.5 / 0.5) / Math.log(64.5 / 0.5);
  t.true(Math.abs(share - expected) < 6 * Math.sqrt((expected * (1 - expected)) / draws.length));
});

test('a step counts from the minimum and the last value does not pass the maximum', (t) => {
  const space = SearchSpace.parse({
    properties: { n: { type: 'integer', minimum: 5, maximum: 150, 'x-search': { step: 50 } } },
  });
  t.deepEqual(
    [...space.enumerate()].map(({ n }) => n),
    [5, 55, 105],
  );
});

test('a prior moves the samples', (t) => {
  const space = SearchSpace.parse({
    properties: {
      x: {
        type: 'number',
        minimum: 0,
        maximum: 100,
        'x-search': { prior: { kind: 'normal', mean: 20, sd: 0.05 } },
      },
    },
  });
  const rng = Rng.at(1, 0);
  const mean =
    Array.from({ length: 2000 }, () => Number(space.sample(rng.uniform)['x'])).reduce(
      (a, b) => a + b,
    ) / 2000;
  t.true(Math.abs(mean - 20) < 1, `${mean}`);
});

test('the hash ignores annotations and the order of keys, nothing else', (t) => {
  const hash = (schema: Record<string, unknown>) => SearchSpace.parse(schema).hash;
  const a = hash({ title: 'one', properties: { x: lshK, title: { const: 1 } } });
  t.is(
    a,
    hash({
      properties: {
        title: { const: 1, description: 'two' },
        x: { maximum: 16, minimum: 2, type: 'integer' },
      },
    }),
  );
  t.not(a, hash({ properties: { x: { ...lshK, maximum: 17 }, title: { const: 1 } } }));
  t.not(a, hash({ properties: { x: lshK } }));
});

test('adapting a configuration of a space gives itself, of any other one of the space or nothing', (t) => {
  const all = Object.values(spaceSchemas).map((schema) => SearchSpace.parse(schema));
  fc.assert(
    fc.property(
      fc.constantFrom(...all),
      fc.constantFrom(...all),
      fc.nat(),
      fc.double({ min: -100, max: 1000, noNaN: true }),
      (from, to, seed, number) => {
        const rng = Rng.at(seed, 0);
        const params = from.sample(rng.uniform);
        const own = from.adapt(params);
        const name = to.names[rng.integer(to.names.length)] ?? '';
        const adapted = to.adapt({ ...to.sample(rng.uniform), ...params, [name]: number });
        t.deepEqual(own, params);
        if (adapted !== undefined) t.notThrows(() => to.check(adapted));
      },
    ),
    { numRuns: 300, seed: 5 },
  );
});

const changing = SearchSpace.parse({
  properties: {
    x: { type: 'number', minimum: 0, maximum: 1 },
    rate: { type: 'number', minimum: 1e-4, maximum: 1, 'x-search': { scale: 'log' } },
    grid: { type: 'number', minimum: 0.1, maximum: 0.75, 'x-search': { step: 0.2 } },
    size: {
      type: 'integer',
      minimum: 1,
      maximum: 9,
      'x-search': { prior: { kind: 'normal', mean: 3, sd: 0.2 } },
    },
    center: { enum: ['keys', 'none'], 'x-search': { prior: { kind: 'weights', weights: [1, 2] } } },
    page: { const: 16 },
  },
});

test('adapting drops, moves, fixes and fills', (t) => {
  t.deepEqual(changing.adapt({ x: 7, rate: -3, grid: 0.46, size: 4.4, center: 'both', old: 1 }), {
    x: 1,
    rate: 1e-4,
    grid: 0.5,
    size: 4,
    center: 'none',
    page: 16,
  });
  t.deepEqual(changing.adapt({ x: 0.25, grid: 80 }), {
    x: 0.25,
    rate: 0.01,
    grid: 0.7,
    size: 3,
    center: 'none',
    page: 16,
  });
});

test('a configuration that keeps nothing, or of no known alternative, is not adapted', (t) => {
  t.is(changing.adapt({ page: 16, x: '0.5', center: 'both' }), undefined);
  const branched = SearchSpace.parse(spaceSchemas['conditional'] ?? {});
  t.is(branched.adapt({ size: 2 }), undefined);
  t.is(branched.adapt({ size: 2, kind: 'tree' }), undefined);
  t.deepEqual(branched.adapt({ size: 5, kind: 'page', bits: 44, exact: true }), {
    size: 3,
    kind: 'page',
    bits: 40,
    exact: true,
  });
});

test('a number beyond its range is comparable and lies outside the unit box', (t) => {
  const inside = { x: 0.5, rate: 0.1, grid: 0.3, size: 2, center: 'keys', page: 16 };
  const at = (name: string) => changing.dimensions.findIndex((other) => other.name === name);
  const coordinate = (name: string, value: number) =>
    changing.encode({ ...inside, [name]: value })[at(name)] ?? Number.NaN;
  t.true(changing.isComparable(inside));
  t.true(changing.isComparable({ ...inside, x: 1.5, rate: 10, size: -4 }));
  t.is(coordinate('x', 1.5), 1.5);
  t.is(coordinate('x', -2), -2);
  t.true(Math.abs(coordinate('rate', 10) - 1.25) < 1e-12);
  t.true(coordinate('size', -4) < 0);
  t.false(changing.contains({ ...inside, x: 1.5 }));
});

test('without a coordinate there is nothing to compare', (t) => {
  const inside = { x: 0.5, rate: 0.1, grid: 0.3, size: 2, center: 'keys', page: 16 };
  const { x: _x, ...lacking } = inside;
  t.false(changing.isComparable(lacking));
  t.false(changing.isComparable({ ...inside, more: 1 }));
  t.false(changing.isComparable({ ...inside, center: 'both' }));
  t.false(changing.isComparable({ ...inside, page: 32 }));
  t.false(changing.isComparable({ ...inside, rate: 0 }));
  t.false(changing.isComparable({ ...inside, x: '0.5' }));
  const branched = SearchSpace.parse(spaceSchemas['conditional'] ?? {});
  t.true(branched.isComparable({ size: 9, kind: 'hash', bits: 7 }));
  t.false(branched.isComparable({ size: 2, kind: 'tree', bits: 2 }));
  t.false(branched.isComparable({ size: 2, kind: 'page', bits: 20 }));
});
