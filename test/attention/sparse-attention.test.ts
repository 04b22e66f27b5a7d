import test from 'ava';
import { denseAttention } from '../../ts/attention/dense-attention.js';
import { KvCache, nativeOf } from '../../ts/attention/kv-cache.js';
import {
  type ForwardOptions,
  SparseAttention,
  type SparseAttentionOptions,
} from '../../ts/attention/sparse-attention.js';
import type { SparseConfig } from '../../ts/sparse-config.js';
import { largestDifference, normals, row } from '../helpers/arrays.js';
import { isas } from '../helpers/isas.js';
import { referenceMask, referenceOutput } from '../helpers/reference-chain.js';

const nKvHeads = 2;
const nQHeads = 6;
const headDim = 16;
const nKv = 120;

function cache(dtype: 'f32' | 'f16' = 'f32'): KvCache {
  const kv = new KvCache({ nKvHeads, headDim, dtype, capacity: 200 });
  kv.append(normals(nKvHeads * nKv * headDim, 1), normals(nKvHeads * nKv * headDim, 2));
  return kv;
}

function queriesOf(nQ: number): Float32Array {
  return normals(nQHeads * nQ * headDim, 3);
}

const chain: SparseConfig = {
  maskers: [
    { kind: 'sink', sinkSize: 4 },
    { kind: 'local', windowSize: 8 },
    { kind: 'top_k', heavyFraction: 0.1 },
    { kind: 'magic_pig', lshL: 30, lshK: 4 },
  ],
};

for (const isa of isas) {
  test(`forward lays heads and queries out as it says (${isa})`, (t) => {
    const nQ = 3;
    const options = { nQHeads, scale: 0.3, seed: 9, layer: 2, isa };
    const attention = new SparseAttention(chain, options);
    const queries = queriesOf(nQ);
    const { output, mask, density } = attention.forward(queries, cache(), { returnMask: true });
    t.is(mask?.indptr.length, nQHeads * nQ + 1);
    let densities = 0;
    for (let r = 0; r < nQHeads * nQ; r++) {
      const kvHead = Math.floor(r / nQ / (nQHeads / nKvHeads));
      const rows = (seed: number) =>
        row(normals(nKvHeads * nKv * headDim, seed), kvHead, nKv * headDim);
      const nVisible = nKv - nQ + (r % nQ) + 1;
      const head = Math.floor(r / nQ);
      const shared = { headDim, seed: 9, layer: 2, nMean: nKv, nVisible, head, scale: 0.3 };
      const input = { ...shared, query: row(queries, r, headDim), keys: rows(1) };
      const kept = referenceMask(chain.maskers, input);
      t.deepEqual(
        [...(mask?.indices.subarray(mask.indptr[r], mask.indptr[r + 1]) ?? [])],
        [...kept.keys()],
      );
      const expected = referenceOutput(kept, input, rows(2), 0.3);
      t.true(largestDifference(row(output, r, headDim), expected) <= 2e-5);
      densities += kept.size / nVisible;
    }
    t.true(Math.abs(density - densities / (nQHeads * nQ)) < 1e-12);
  });
}

for (const sampler of [
  { kind: 'top_k', heavyFraction: 0.4 },
  { kind: 'top_k', heavyFraction: 0.4, scoreDtype: 'int8' },
  { kind: 'random_sampling', samplingRate: 0.4 },
]) {
  const name = Object.values(sampler).join(' ');
  test(`long lists of ${name} give the same by head, in turns, and by group`, (t) => {
    const n = 5000;
    const kv = new KvCache({ nKvHeads, headDim, capacity: n });
    kv.append(normals(nKvHeads * n * headDim, 4), normals(nKvHeads * n * headDim, 5));
    const maskers = [{ kind: 'sink', sinkSize: 4 }, sampler, { kind: 'local', windowSize: 8 }];
    const [byHead, byGroup] = (['head', 'group'] as const).map((share) =>
      new SparseAttention({ maskers, share }, { nQHeads, seed: 9 }).forward(queriesOf(1), kv),
    );
    if (byHead === undefined || byGroup === undefined) throw new RangeError('two results');
    t.true(largestDifference(byHead.output, byGroup.output) <= 1e-5);
  });
}

test('the same call gives the same result, another seed or layer other samples', (t) => {
  const sampled: SparseConfig = { maskers: [{ kind: 'magic_pig', lshL: 20, lshK: 4 }] };
  const keep = (options: Partial<SparseAttentionOptions>) =>
    new SparseAttention(sampled, { nQHeads, ...options }).forward(queriesOf(1), cache(), {
      returnMask: true,
    }).mask;
  t.deepEqual(keep({ seed: 1 }), keep({ seed: 1 }));
  t.notDeepEqual(keep({ seed: 1 }), keep({ seed: 2 }));
  t.notDeepEqual(keep({ layer: 1 }), keep({ layer: 2 }));
});

test('the mean key is that of the first forward, also after more keys came', (t) => {
  const config: SparseConfig = { maskers: [{ kind: 'magic_pig', lshL: 30, lshK: 4 }] };
  const attention = new SparseAttention(config, { nQHeads, seed: 3 });
  const kv = cache();
  attention.forward(queriesOf(1), kv);
  kv.append(
    normals(nKvHeads * 30 * headDim, 11).map((x) => x + 2),
    normals(nKvHeads * 30 * headDim, 12),
  );
  const { mask } = attention.forward(queriesOf(1), kv, { returnMask: true });
  const keys = new Float32Array((nKv + 30) * headDim);
  keys.set(row(normals(nKvHeads * nKv * headDim, 1), 0, nKv * headDim));
  keys.set(
    row(
      normals(nKvHeads * 30 * headDim, 11).map((x) => x + 2),
      0,
      30 * headDim,
    ),
    nKv * headDim,
  );
  const input = { headDim, seed: 3, layer: 0, keys, nVisible: nKv + 30, head: 0, scale: 0.25 };
  const query = row(queriesOf(1), 0, headDim);
  const kept = referenceMask(config.maskers, { ...input, query, nMean: nKv });
  t.deepEqual([...(mask?.indices.subarray(0, mask.indptr[1]) ?? [])], [...kept.keys()]);
  const ofAll = referenceMask(config.maskers, { ...input, query, nMean: nKv + 30 });
  t.notDeepEqual([...kept.keys()], [...ofAll.keys()]);
});

test('denseAttention is the chain without maskers', (t) => {
  const kv = cache();
  const queries = queriesOf(1);
  const dense = denseAttention(queries, kv, { scale: 0.25 });
  t.deepEqual(
    dense,
    new SparseAttention({ maskers: [] }, { nQHeads, scale: 0.25 }).forward(queries, kv),
  );
  t.is(dense.density, 1);
  t.is(dense.bytesRead, 2 * nKvHeads * nKv * headDim * 4);
  const many = denseAttention(queriesOf(5), kv, { nQHeads });
  t.is(many.output.length, nQHeads * 5 * headDim);
});

test('scale defaults to 1 / sqrt(headDim)', (t) => {
  const kv = cache();
  t.deepEqual(denseAttention(queriesOf(1), kv), denseAttention(queriesOf(1), kv, { scale: 0.25 }));
});

test('a binary16 cache reads half the bytes and gives nearly the same', (t) => {
  const options = { nQHeads, seed: 1 };
  const config: SparseConfig = { maskers: chain.maskers.slice(0, 2) };
  const single = new SparseAttention(config, options).forward(queriesOf(2), cache('f32'));
  const half = new SparseAttention(config, options).forward(queriesOf(2), cache('f16'));
  t.is(half.bytesRead * 2, single.bytesRead);
  t.true(largestDifference(half.output, single.output) < 5e-3);
});

for (const dtype of ['f32', 'f16'] as const) {
  for (const isa of isas) {
    test(`rows that bytesRead does not count are not read (${dtype}, ${isa})`, (t) => {
      const attention = new SparseAttention(chain, { nQHeads, isa, seed: 4 });
      const kv = cache(dtype);
      const clean = attention.forward(queriesOf(1), kv, { returnMask: true });
      const elementBytes = dtype === 'f32' ? 4 : 2;
      const rowBytes = headDim * elementBytes;
      let bytes = 0;
      for (let head = 0; head < nKvHeads; head++) {
        const first = head * (nQHeads / nKvHeads);
        const { indptr, indices } = clean.mask ?? { indptr: [], indices: new Uint32Array() };
        const kept = new Set(indices.subarray(indptr[first], indptr[first + nQHeads / nKvHeads]));
        // top_k scores every key between sink and local; values are read only where kept.
        bytes += (nKv - 12 + 12 + kept.size) * rowBytes;
        for (let key = 0; key < nKv; key++) {
          if (!kept.has(key)) nativeOf(kv).fillRow(head, key, false, true, Number.NaN);
        }
      }
      // Two blocks of 64 keys of 30 one-byte codes and the mean, and a norm per sampled key, per head.
      const index = nKvHeads * (2 * 64 * 30 + headDim * 4);
      t.true(clean.bytesRead >= bytes + index);
      t.true(clean.bytesRead <= bytes + index + nKvHeads * nKv * 4);
      t.deepEqual(attention.forward(queriesOf(1), kv, { returnMask: true }), clean);
    });

    test(`sink and local read their own rows only (${dtype}, ${isa})`, (t) => {
      const config = { maskers: chain.maskers.slice(0, 2) };
      const attention = new SparseAttention(config, { nQHeads, isa });
      const kv = cache(dtype);
      const clean = attention.forward(queriesOf(1), kv);
      for (let head = 0; head < nKvHeads; head++) {
        for (let key = 4; key < nKv - 8; key++) {
          nativeOf(kv).fillRow(head, key, true, true, Number.NaN);
        }
      }
      t.deepEqual(attention.forward(queriesOf(1), kv), clean);
      t.is(clean.bytesRead, nKvHeads * 12 * 2 * headDim * (dtype === 'f32' ? 4 : 2));
    });
  }
}

test('a poisoned row that is read does show', (t) => {
  const attention = new SparseAttention({ maskers: [] }, { nQHeads });
  const kv = cache();
  nativeOf(kv).fillRow(0, 50, false, true, Number.NaN);
  t.true(attention.forward(queriesOf(1), kv).output.some(Number.isNaN));
});

test('forwardAsync gives what forward gives, whatever happens to the queries', async (t) => {
  const attention = new SparseAttention(chain, { nQHeads, seed: 2 });
  const kv = cache();
  const queries = queriesOf(2);
  const expected = attention.forward(queries, kv, { returnMask: true });
  const promise = attention.forwardAsync(queries, kv, { returnMask: true });
  queries.fill(0);
  t.deepEqual(await promise, expected);
});

test('append during a forwardAsync throws ERR_BUSY, and works after it', async (t) => {
  const attention = new SparseAttention(chain, { nQHeads });
  const kv = cache();
  const one = normals(nKvHeads * headDim, 5);
  const promises = [1, 2, 3].map((nQ) => attention.forwardAsync(queriesOf(nQ), kv));
  t.throws(() => kv.append(one, one), { code: 'ERR_BUSY' });
  await Promise.all(promises);
  await new Promise(setImmediate);
  t.notThrows(() => kv.append(one, one));
  t.is(kv.nKv, nKv + 1);
});

test('many forwardAsync on one cache build its index once and agree', async (t) => {
  const kv = cache();
  const attention = new SparseAttention(chain, { nQHeads, seed: 6 });
  const results = await Promise.all(
    Array.from({ length: 8 }, () => attention.forwardAsync(queriesOf(2), kv)),
  );
  for (const result of results) t.deepEqual(result, results[0]);
});

const badConfigs: readonly [string, unknown, RegExp][] = [
  ['no maskers', {}, /maskers/],
  ['unknown semantics', { maskers: [], semantics: 'paper' }, /\/semantics/],
  ['an unknown kind', { maskers: [{ kind: 'top_q' }] }, /\/maskers\/0\/kind.*"top_q"/],
  ['an unknown field', { maskers: [{ kind: 'sink', sinkSize: 1, size: 2 }] }, /name size/],
  [
    'size and fraction',
    { maskers: [{ kind: 'sink', sinkSize: 1, sinkFraction: 0.1 }] },
    /exactly one/,
  ],
  ['neither size nor fraction', { maskers: [{ kind: 'local' }] }, /exactly one of windowSize/],
  ['a size of 0', { maskers: [{ kind: 'sink', sinkSize: 0 }] }, /\/maskers\/0\/sinkSize/],
  ['half a size', { maskers: [{ kind: 'sink', sinkSize: 1.5 }] }, /sinkSize/],
  ['a fraction above 1', { maskers: [{ kind: 'top_k', heavyFraction: 1.1 }] }, /heavyFraction/],
  ['a fraction of 0', { maskers: [{ kind: 'top_k', heavyFraction: 0 }] }, /heavyFraction/],
  [
    'a NaN fraction',
    { maskers: [{ kind: 'local', windowFraction: Number.NaN }] },
    /windowFraction/,
  ],
  ['too many bits', { maskers: [{ kind: 'magic_pig', lshL: 8, lshK: 17 }] }, /lshK/],
  ['no tables', { maskers: [{ kind: 'magic_pig', lshK: 8 }] }, /lshL/],
  [
    '3 matches',
    { maskers: [{ kind: 'magic_pig', lshL: 8, lshK: 8, minMatches: 3 }] },
    /minMatches/,
  ],
  [
    'more matches than tables',
    { maskers: [{ kind: 'magic_pig', lshL: 1, lshK: 8 }] },
    /minMatches/,
  ],
  [
    'both centred',
    { maskers: [{ kind: 'magic_pig', lshL: 8, lshK: 8, center: 'both' }] },
    /center/,
  ],
  [
    'two samplers',
    { maskers: Array(2).fill({ kind: 'magic_pig', lshL: 8, lshK: 8 }) },
    /at most one sampling masker/,
  ],
];

for (const [title, config, message] of badConfigs) {
  test(`a config with ${title} is refused by name`, (t) => {
    const make = () => new SparseAttention(config as SparseConfig, { nQHeads });
    const error = t.throws(make, { message, code: 'ERR_CONFIG' });
    t.true(error instanceof TypeError || error instanceof RangeError);
  });
}

const badOptions: readonly [string, unknown, RegExp][] = [
  ['no options', undefined, /for options /],
  ['no query heads', { nQHeads: 0 }, /for nQHeads /],
  ['an infinite scale', { nQHeads, scale: Infinity }, /for scale /],
  ['a negative layer', { nQHeads, layer: -1 }, /for layer /],
  ['half a seed', { nQHeads, seed: 0.5 }, /for seed /],
  ['an unknown instruction set', { nQHeads, isa: 'sse' }, /for isa /],
  ['no threads', { nQHeads, threads: 0 }, /for threads /],
  ['an unknown option', { nQHeads, cores: 2 }, /"cores"/],
];

for (const [title, options, message] of badOptions) {
  test(`an attention with ${title} is refused by name`, (t) => {
    const make = () => new SparseAttention(chain, options as SparseAttentionOptions);
    const error = t.throws(make, { message, code: 'ERR_ARGUMENT' });
    t.true(error instanceof TypeError || error instanceof RangeError);
  });
}

function poisoned(): Float32Array {
  const queries = queriesOf(1);
  queries[5] = Number.NaN;
  return queries;
}

const badCalls: readonly [string, () => unknown, unknown, unknown, string, RegExp][] = [
  ['queries of another type', () => new Float64Array(96), undefined, {}, 'ERR_ARGUMENT', /queries/],
  ['no queries', () => new Float32Array(0), undefined, {}, 'ERR_SHAPE', /for queries/],
  ['half a query', () => new Float32Array(90), undefined, {}, 'ERR_SHAPE', /for queries/],
  ['more queries than keys', () => queriesOf(121), undefined, {}, 'ERR_SHAPE', /at most 120/],
  ['NaN queries', poisoned, undefined, {}, 'ERR_ARGUMENT', /for queries.*index 5/],
  ['something else than a cache', () => queriesOf(1), {}, {}, 'ERR_ARGUMENT', /for kv /],
  [
    'a returnMask that is no boolean',
    () => queriesOf(1),
    undefined,
    { returnMask: 1 },
    'ERR_ARGUMENT',
    /returnMask/,
  ],
  ['an unknown option', () => queriesOf(1), undefined, { mask: true }, 'ERR_ARGUMENT', /"mask"/],
  [
    'given values in exact',
    () => queriesOf(1),
    undefined,
    { given: {} },
    'ERR_ARGUMENT',
    /for given /,
  ],
];

for (const [title, queries, kv, options, code, message] of badCalls) {
  test(`a forward with ${title} is refused by name, also when async`, async (t) => {
    const attention = new SparseAttention(chain, { nQHeads });
    const args = [
      queries() as Float32Array,
      (kv ?? cache()) as KvCache,
      options as ForwardOptions,
    ] as const;
    t.throws(() => attention.forward(...args), { code, message });
    await t.throwsAsync(() => attention.forwardAsync(...args), { code, message });
  });
}

test('query heads that do not divide are refused', (t) => {
  const attention = new SparseAttention(chain, { nQHeads: 5 });
  const queries = normals(5 * headDim, 1);
  t.throws(() => attention.forward(queries, cache()), { code: 'ERR_SHAPE', message: /nQHeads/ });
});

test('an empty cache cannot be attended', (t) => {
  const attention = new SparseAttention(chain, { nQHeads });
  const kv = new KvCache({ nKvHeads, headDim, capacity: 10 });
  t.throws(() => attention.forward(queriesOf(1), kv), { code: 'ERR_SHAPE' });
});

test('scores that overflow are an error, not a crash', (t) => {
  const kv = new KvCache({ nKvHeads: 1, headDim: 2, capacity: 9 });
  const huge = Float32Array.from({ length: 18 }, (_, i) => (i % 2 === 0 ? 3e38 : -3e38));
  kv.append(huge, huge);
  const config: SparseConfig = { maskers: [{ kind: 'top_k', heavySize: 2 }] };
  const attention = new SparseAttention(config, { nQHeads: 1 });
  t.throws(() => attention.forward(Float32Array.of(3e38, 3e38), kv), { code: 'ERR_ARGUMENT' });
});
