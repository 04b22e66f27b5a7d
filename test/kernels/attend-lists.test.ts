import test from 'ava';
import { KvCache, nativeOf } from '../../ts/attention/kv-cache.js';
import { Gaussian } from '../../ts/micro/gaussian.js';
import { loadAddon } from '../../ts/native/addon.js';
import { isas } from '../helpers/isas.js';

const shape = { nQHeads: 4, nKvHeads: 2, headDim: 16, nKv: 100 };
const { attendLists } = loadAddon().kernels;

function setUp() {
  const { nQHeads, nKvHeads, headDim, nKv } = shape;
  const gaussian = new Gaussian(1);
  const keys = gaussian.fill(new Float32Array(nKvHeads * nKv * headDim));
  const values = gaussian.fill(new Float32Array(nKvHeads * nKv * headDim));
  const queries = gaussian.fill(new Float32Array(nQHeads * headDim));
  const cache = new KvCache({ nKvHeads, headDim, capacity: nKv });
  cache.append(keys, values);
  return { gaussian, keys, values, queries, cache };
}

/** Softmax over the listed keys of one head, in double precision. */
function expected(
  { keys, values, queries }: ReturnType<typeof setUp>,
  head: number,
  list: Uint32Array,
) {
  const { nQHeads, nKvHeads, headDim, nKv } = shape;
  const first = Math.floor(head / (nQHeads / nKvHeads)) * nKv;
  const at = (rows: Float32Array, row: number, i: number) => rows[row * headDim + i] ?? Number.NaN;
  const dims = Array.from({ length: headDim }, (_, i) => i);
  const weights = Array.from(list, (key) =>
    Math.exp(dims.reduce((dot, i) => dot + at(queries, head, i) * at(keys, first + key, i), 0) / 4),
  );
  const sum = weights.reduce((a, b) => a + b);
  return dims.map((i) =>
    weights.reduce((out, w, j) => out + (w / sum) * at(values, first + (list[j] ?? 0), i), 0),
  );
}

for (const isa of isas) {
  for (const isPerHead of [false, true]) {
    test(`attendLists ${isa} attends ${isPerHead ? 'the list of each head' : 'the list of a group'}`, (t) => {
      const data = setUp();
      const { nQHeads, nKvHeads, headDim, nKv } = shape;
      for (const n of [1, 7, 50, nKv]) {
        const nLists = isPerHead ? nQHeads : nKvHeads;
        const each = Array.from({ length: nLists }, () => data.gaussian.sample(n, nKv));
        const lists = Uint32Array.from(each.flatMap((list) => [...list]));
        const cache = nativeOf(data.cache);
        const call = { cache, queries: data.queries, lists, n, isPerHead, scale: 0.25, isa };
        const output = attendLists(call);
        for (let head = 0; head < nQHeads; head++) {
          const list = each[isPerHead ? head : Math.floor(head / 2)] ?? new Uint32Array();
          for (const [i, value] of expected(data, head, list).entries()) {
            t.true(Math.abs((output[head * headDim + i] ?? Number.NaN) - value) < 1e-5);
          }
        }
      }
    });
  }
}

test('attendLists refuses lists that name no key, or too few lists', (t) => {
  const { cache, queries } = setUp();
  const call = { cache: nativeOf(cache), queries, n: 1, isPerHead: false, scale: 1 };
  t.throws(() => attendLists({ ...call, lists: Uint32Array.of(0, 100) }), { code: 'ERR_SHAPE' });
  t.throws(() => attendLists({ ...call, lists: Uint32Array.of(0) }), { code: 'ERR_SHAPE' });
  for (const keys of [
    [5, 4],
    [5, 5],
  ] as const) {
    const lists = Uint32Array.of(...keys, ...keys);
    t.throws(() => attendLists({ ...call, n: 2, lists }), {
      code: 'ERR_SHAPE',
      message: /ascending/,
    });
  }
});
