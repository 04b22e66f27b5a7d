import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { KvCache, type KvDtype, nativeOf } from '../../ts/attention/kv-cache.js';
import { SparseAttention } from '../../ts/attention/sparse-attention.js';
import type { MaskerConfig } from '../../ts/maskers/masker.js';
import { loadAddon } from '../../ts/native/addon.js';
import type { SparseConfig } from '../../ts/sparse-config.js';
import { fromBf16, largestDifference, normals, row, toBf16 } from '../helpers/arrays.js';
import { isas } from '../helpers/isas.js';
import { hashOf, ordersOf } from '../helpers/learned.js';
import { hashTensors, writeChannels, writeSafetensors } from '../helpers/learned-files.js';
import { heaviestQuantized } from '../helpers/reference-maskers.js';

const nKvHeads = 2;
const nQHeads = 6;
const groupSize = nQHeads / nKvHeads;
const headDim = 16;
const nKv = 120;
/** Keys that neither sink nor local keeps. */
const nBetween = nKv - 4 - 8;
const between = Array.from({ length: nBetween }, (_, i) => 4 + i);

const folder = mkdtempSync(join(tmpdir(), 'sparsetune-bytes-'));
test.after.always(() => rmSync(folder, { recursive: true }));
const hatWeightFile = writeSafetensors(folder, hashTensors(hashOf(nQHeads, headDim)));
const sortedChannelFile = writeChannels(folder, [ordersOf(nQHeads, headDim)]);

interface Case {
  readonly masker: MaskerConfig;
  /** Whether it scores the keys between sink and local by their own rows. */
  readonly scoresKeys: boolean;
  /** Keys that are ranked anew by their own rows, from the queries of the group. */
  readonly ranked?: (queries: readonly Float32Array[], keys: Float32Array) => readonly number[];
  /** Bytes of the index that one KV head's choice reads. */
  readonly indexBytes: (elementBytes: number) => number;
}

const { toHalf, fromHalf } = loadAddon().kernels;
const narrow = [
  { dtype: 'f16', round: (values: Float32Array) => fromHalf(toHalf(values)) },
  { dtype: 'bf16', round: (values: Float32Array) => fromBf16(toBf16(values)) },
] as const;

const cases: readonly Case[] = [
  {
    masker: { kind: 'top_k', heavySize: 9 },
    scoresKeys: true,
    indexBytes: () => 0,
  },
  {
    masker: { kind: 'top_k', heavySize: 40, scoreDtype: 'int8' },
    scoresKeys: false,
    ranked: (queries, keys) =>
      queries.flatMap((query, head) => {
        const of = { head, query, keys, headDim, nVisible: nKv, scale: 1 };
        const input = { ...of, seed: 0, layer: 0, nMean: 0 };
        return heaviestQuantized(input, between, 40).ranked;
      }),
    // 120 keys are in two blocks of 64, each with a scale.
    indexBytes: () => 2 * 64 * (headDim + 4),
  },
  {
    masker: { kind: 'top_p', topP: 0.5 },
    scoresKeys: true,
    indexBytes: () => 0,
  },
  {
    masker: { kind: 'quest', heavySize: 24, pageSize: 8 },
    scoresKeys: false,
    // Pages 0..13 have keys between; the last one is the query's own.
    indexBytes: (elementBytes) => 14 * 2 * headDim * elementBytes,
  },
  {
    masker: { kind: 'double_sparsity', heavySize: 9, groupFactor: 4, sortedChannelFile },
    scoresKeys: false,
    indexBytes: (elementBytes) => nBetween * (headDim / 4) * elementBytes * groupSize,
  },
  {
    masker: { kind: 'hash_top_k', heavySize: 9, hatWeightFile },
    scoresKeys: false,
    // 70 bits are two words.
    indexBytes: () => nBetween * 16 * groupSize,
  },
  {
    masker: { kind: 'random_sampling', samplingRate: 0.1 },
    scoresKeys: false,
    indexBytes: () => 0,
  },
  {
    masker: { kind: 'adaptive_sampling', baseSize: 16, epsilon: 0.5, delta: 0.4 },
    scoresKeys: false,
    indexBytes: () => 0,
  },
];

function title({ kind, scoreDtype }: MaskerConfig): string {
  return scoreDtype === undefined ? kind : `${kind} by ${scoreDtype} scores`;
}

/** The keys of one head as the cache holds them. */
function keysOf(head: number, dtype: KvDtype): Float32Array {
  const keys = row(normals(nKvHeads * nKv * headDim, 1), head, nKv * headDim);
  return narrow.find((other) => other.dtype === dtype)?.round(keys) ?? keys;
}

function cache(dtype: KvDtype): KvCache {
  const kv = new KvCache({ nKvHeads, headDim, dtype, capacity: nKv });
  kv.append(normals(nKvHeads * nKv * headDim, 1), normals(nKvHeads * nKv * headDim, 2));
  return kv;
}

for (const { masker, scoresKeys, ranked, indexBytes } of cases) {
  for (const dtype of ['f32', 'f16', 'bf16'] as const) {
    for (const isa of isas) {
      test(`${title(masker)} reads the rows that bytesRead counts, no others (${dtype}, ${isa})`, (t) => {
        const maskers = [{ kind: 'sink', sinkSize: 4 }, { kind: 'local', windowSize: 8 }, masker];
        const attention = new SparseAttention({ maskers }, { nQHeads, isa, seed: 4 });
        const queries = normals(nQHeads * headDim, 3).map((x) => x * 1.5);
        const kv = cache(dtype);
        const clean = attention.forward(queries, kv, { returnMask: true });
        const elementBytes = dtype === 'f32' ? 4 : 2;
        let rows = 0;
        for (let head = 0; head < nKvHeads; head++) {
          const { indptr, indices } = clean.mask ?? { indptr: [], indices: new Uint32Array() };
          const [first, end] = [indptr[head * groupSize], indptr[(head + 1) * groupSize]];
          const kept = new Set(indices.subarray(first, end));
          t.true(kept.size > 12 && kept.size < nKv);
          const group = Array.from({ length: groupSize }, (_, g) =>
            row(queries, head * groupSize + g, headDim),
          );
          const read = new Set([...kept, ...(ranked?.(group, keysOf(head, dtype)) ?? [])]);
          t.true(ranked === undefined || read.size > kept.size);
          rows += kept.size + (scoresKeys ? nKv : read.size);
          for (let key = 0; key < nKv; key++) {
            const isKeyRead = scoresKeys || read.has(key);
            if (!kept.has(key)) nativeOf(kv).fillRow(head, key, !isKeyRead, true, Number.NaN);
          }
        }
        t.is(clean.bytesRead, rows * headDim * elementBytes + nKvHeads * indexBytes(elementBytes));
        t.deepEqual(attention.forward(queries, kv, { returnMask: true }), clean);
      });
    }
  }
}

for (const { masker } of cases) {
  for (const { dtype, round } of narrow) {
    test(`${title(masker)} keeps the same keys of a ${dtype} cache as of the floats it holds`, (t) => {
      const maskers = [{ kind: 'sink', sinkSize: 4 }, masker];
      const run = (dtype: KvDtype) => {
        const kv = new KvCache({ nKvHeads, headDim, dtype, capacity: nKv });
        const keys = round(normals(nKvHeads * nKv * headDim, 1));
        // In two parts, so that a page is widened after it was begun.
        const part = (begin: number, end: number) =>
          Float32Array.from({ length: nKvHeads * (end - begin) * headDim }, (_, i) => {
            const head = Math.floor(i / ((end - begin) * headDim));
            return keys[(head * nKv + begin) * headDim + (i % ((end - begin) * headDim))] ?? 0;
          });
        const attention = new SparseAttention({ maskers }, { nQHeads, seed: 4 });
        kv.append(part(0, 91), part(0, 91));
        attention.forward(normals(nQHeads * headDim, 3), kv);
        kv.append(part(91, nKv), part(91, nKv));
        return attention.forward(normals(nQHeads * headDim, 3), kv, { returnMask: true });
      };
      const [single, half] = [run('f32'), run(dtype)];
      t.deepEqual(half.mask, single.mask);
      t.true(largestDifference(half.output, single.output) < 1e-5);
    });
  }

  test(`${title(masker)} gives the same whether a group or each head attends its lists`, (t) => {
    const maskers = [{ kind: 'sink', sinkSize: 4 }, masker];
    for (const isa of isas) {
      const [byDefault, byGroup, byHead] = [{}, { share: 'group' }, { share: 'head' }].map(
        (share) =>
          new SparseAttention({ maskers, ...share } as SparseConfig, {
            nQHeads,
            isa,
            seed: 4,
          }).forward(normals(2 * nQHeads * headDim, 3), cache('f32'), { returnMask: true }),
      );
      for (const other of [byGroup, byHead]) {
        t.deepEqual({ ...other, output: 0 }, { ...byDefault, output: 0 });
        t.true(largestDifference(other?.output ?? [], byDefault?.output ?? []) < 1e-5);
      }
    }
  });
}

test('share is a field of exact semantics', (t) => {
  const attend = (config: object) => () => new SparseAttention(config as SparseConfig, { nQHeads });
  const maskers = [{ kind: 'top_k', heavySize: 9 }];
  const hub = attend({ maskers, semantics: 'hub', share: 'head' });
  t.throws(hub, { code: 'ERR_CONFIG', message: /no share.*semantics exact/ });
  t.throws(attend({ maskers, share: 'all' }), { code: 'ERR_CONFIG', message: /share/ });
});
