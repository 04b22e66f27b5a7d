import test from 'ava';
import { KvCache, type KvCacheOptions } from '../../ts/attention/kv-cache.js';
import { SparseAttention } from '../../ts/attention/sparse-attention.js';
import { normals } from '../helpers/arrays.js';

const shape = { nKvHeads: 2, headDim: 4, capacity: 100 } as const;

function rows(n: number, seed = 1): Float32Array {
  return normals(2 * n * 4, seed);
}

const badOptions: readonly [string, unknown, string][] = [
  ['no options', undefined, 'options'],
  ['no heads', { ...shape, nKvHeads: 0 }, 'nKvHeads'],
  ['half a head', { ...shape, nKvHeads: 1.5 }, 'nKvHeads'],
  ['a NaN size', { ...shape, headDim: Number.NaN }, 'headDim'],
  ['a size as text', { ...shape, headDim: '4' }, 'headDim'],
  ['a size too large', { ...shape, headDim: 1025 }, 'headDim'],
  ['no capacity', { ...shape, capacity: undefined }, 'capacity'],
  ['an infinite capacity', { ...shape, capacity: Infinity }, 'capacity'],
  ['an unknown dtype', { ...shape, dtype: 'f64' }, 'dtype'],
];

for (const [title, options, name] of badOptions) {
  test(`a cache with ${title} is refused by name`, (t) => {
    const error = t.throws(() => new KvCache(options as KvCacheOptions), {
      code: 'ERR_ARGUMENT',
    });
    t.true(error instanceof TypeError || error instanceof RangeError);
    t.regex(error.message, new RegExp(`for ${name} but received`));
  });
}

function detached(): Float32Array {
  const array = rows(1);
  structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
  return array;
}

function withValue(value: number): Float32Array {
  const array = rows(2);
  array[11] = value;
  return array;
}

const badRows: readonly [string, () => unknown, () => unknown, string, RegExp][] = [
  ['keys of another type', () => [1, 2], () => rows(1), 'ERR_ARGUMENT', /for keys/],
  ['doubles', () => new Float64Array(8), () => rows(1), 'ERR_ARGUMENT', /for keys/],
  ['no values', () => rows(1), () => undefined, 'ERR_ARGUMENT', /for values/],
  ['empty keys', () => rows(0), () => rows(0), 'ERR_SHAPE', /for keys/],
  ['half a key', () => new Float32Array(12), () => rows(1), 'ERR_SHAPE', /for keys/],
  ['fewer values than keys', () => rows(2), () => rows(1), 'ERR_SHAPE', /for values/],
  ['detached keys', detached, () => rows(1), 'ERR_ARGUMENT', /for keys/],
  ['detached values', () => rows(1), detached, 'ERR_ARGUMENT', /for values/],
  ['NaN in keys', () => withValue(Number.NaN), () => rows(2), 'ERR_ARGUMENT', /for keys.*index 11/],
  ['infinity in values', () => rows(2), () => withValue(-Infinity), 'ERR_ARGUMENT', /for values/],
  ['more than fits', () => rows(98), () => rows(98), 'ERR_CAPACITY', /at most 97/],
];

for (const dtype of ['f32', 'f16', 'bf16'] as const) {
  for (const [title, keys, values, code, message] of badRows) {
    test(`append of ${title} is refused and changes nothing (${dtype})`, (t) => {
      const kv = new KvCache({ ...shape, dtype });
      kv.append(rows(3), rows(3, 2));
      const attention = new SparseAttention({ maskers: [] }, { nQHeads: 2 });
      const before = attention.forward(rows(1, 9), kv);
      const append = () => kv.append(keys() as Float32Array, values() as Float32Array);
      t.throws(append, { code, message });
      t.is(kv.nKv, 3);
      t.deepEqual(attention.forward(rows(1, 9), kv), before);
    });
  }
}

test('binary16 refuses what it cannot hold, f32 takes it', (t) => {
  const f16 = new KvCache({ ...shape, dtype: 'f16' });
  t.throws(() => f16.append(withValue(70_000), rows(2)), {
    instanceOf: RangeError,
    code: 'ERR_ARGUMENT',
    message: /magnitude at most 65504.*for keys/,
  });
  t.notThrows(() => f16.append(withValue(-65_504), rows(2)));
  t.notThrows(() => new KvCache(shape).append(withValue(70_000), rows(2)));
});

test('bfloat16 refuses what would round to infinity', (t) => {
  const bf16 = new KvCache({ ...shape, dtype: 'bf16' });
  t.throws(() => bf16.append(rows(2), withValue(3.4e38)), {
    instanceOf: RangeError,
    code: 'ERR_ARGUMENT',
    message: /magnitude at most 3\.389.*e\+38 for values/,
  });
  t.notThrows(() => bf16.append(withValue(-3.3895e38), rows(2)));
});

test('a cache fills up to its capacity, and not one key more', (t) => {
  const kv = new KvCache(shape);
  for (let n = 0; n < 100; n++) kv.append(rows(1), rows(1));
  t.is(kv.nKv, 100);
  t.throws(() => kv.append(rows(1), rows(1)), { code: 'ERR_CAPACITY' });
});

test('memory grows with the keys, not with the capacity', (t) => {
  const kv = new KvCache({ nKvHeads: 2, headDim: 4, capacity: 2 ** 32 - 1 });
  t.is(kv.bytes, 0);
  kv.append(rows(1), rows(1));
  t.true(kv.bytes < 100_000);
  kv.append(rows(1000), rows(1000));
  t.true(kv.bytes >= 2 * 2 * 1001 * 4 * 4);
  t.is(kv.nKv, 1001);
});

test('keys keep their values while the memory grows', (t) => {
  const all = { keys: normals(2 * 300 * 4, 5), values: normals(2 * 300 * 4, 6) };
  const whole = new KvCache({ ...shape, capacity: 300 });
  whole.append(all.keys, all.values);
  const grown = new KvCache({ ...shape, capacity: 300 });
  for (let key = 0; key < 300; key++) {
    const cut = (array: Float32Array) =>
      Float32Array.from(
        { length: 8 },
        (_, i) => array[(i < 4 ? key : 300 + key) * 4 + (i % 4)] ?? 0,
      );
    grown.append(cut(all.keys), cut(all.values));
  }
  const attention = new SparseAttention({ maskers: [] }, { nQHeads: 4 });
  const queries = normals(4 * 7 * 4, 7);
  t.deepEqual(attention.forward(queries, grown), attention.forward(queries, whole));
});
