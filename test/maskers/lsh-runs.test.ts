import test from 'ava';
import { KvCache } from '../../ts/attention/kv-cache.js';
import { SparseAttention } from '../../ts/attention/sparse-attention.js';
import type { MaskerConfig } from '../../ts/maskers/masker.js';
import type { Isa } from '../../ts/native/isa.js';
import { normals, row } from '../helpers/arrays.js';
import { isas } from '../helpers/isas.js';
import { referenceMask } from '../helpers/reference-chain.js';

// From 1024 keys on, an index of magic_pig has runs of buckets and, after them, codes to scan.

const headDim = 8;
const nKvHeads = 2;
const nQHeads = 4;
const nMost = 9 * 1024 + 70;
const seed = 5;

/** Keys with a strong common direction: not centred, a bucket may hold half of them. */
const keys = normals(nKvHeads * nMost * headDim, 1).map((x, i) => x + (i % headDim < 2 ? 2 : 0));
const values = normals(nKvHeads * nMost * headDim, 2);
const queries = normals(nQHeads * headDim, 3).map((x, i) => x + (i % headDim < 2 ? 1 : 0));

/** Rows [begin, end) of each head. */
function part(rows: Float32Array, begin: number, end: number): Float32Array {
  const perHead = (end - begin) * headDim;
  return Float32Array.from({ length: nKvHeads * perHead }, (_, i) => {
    const first = (Math.floor(i / perHead) * nMost + begin) * headDim;
    return rows[first + (i % perHead)] ?? Number.NaN;
  });
}

/** Appends the keys up to each of `ends`; a forward after each indexes them. The last result. */
function forward(maskers: readonly MaskerConfig[], ends: readonly number[], isa: Isa) {
  const kv = new KvCache({ nKvHeads, headDim, capacity: nMost });
  const attention = new SparseAttention({ maskers: [...maskers] }, { nQHeads, seed, isa });
  const results = ends.map((end) => {
    kv.append(part(keys, kv.nKv, end), part(values, kv.nKv, end));
    return attention.forward(queries, kv, { returnMask: true });
  });
  return results.at(-1);
}

function reference(maskers: readonly MaskerConfig[], nKv: number, nMean: number): number[][] {
  return Array.from({ length: nQHeads }, (_, head) => {
    const kvHead = Math.floor((head * nKvHeads) / nQHeads);
    const ofHead = keys.subarray(kvHead * nMost * headDim, (kvHead * nMost + nKv) * headDim);
    const query = row(queries, head, headDim);
    const shape = { headDim, seed, layer: 0, scale: 1, head, nVisible: nKv, nMean };
    return [...referenceMask(maskers, { ...shape, query, keys: ofHead }).keys()];
  });
}

const magicPig: MaskerConfig = { kind: 'magic_pig', lshL: 6, lshK: 5 };
const around: readonly MaskerConfig[] = [
  { kind: 'sink', sinkSize: 70 },
  { kind: 'local', windowSize: 1100 },
];
const chains: readonly [string, MaskerConfig[]][] = [
  ['magic_pig', [magicPig]],
  ['magic_pig of few bits', [{ ...magicPig, lshL: 3, lshK: 2, minMatches: 1, center: 'none' }]],
  ['magic_pig between sink and local', [...around, magicPig]],
  ['magic_pig after top_k', [...around, { kind: 'top_k', heavySize: 300 }, magicPig]],
];

for (const isa of isas) {
  for (const [title, maskers] of chains) {
    for (const nKv of [1023, 1024, 1088, 4096, 7 * 1024 + 33, nMost]) {
      test(`${title} finds its keys in runs and after them at nKv=${nKv} (${isa})`, (t) => {
        const mask = forward(maskers, [nKv], isa)?.mask;
        for (const [head, expected] of reference(maskers, nKv, nKv).entries()) {
          const [begin, end] = mask?.indptr.subarray(head, head + 2) ?? [];
          t.deepEqual([...(mask?.indices.subarray(begin, end) ?? [])], expected, `head ${head}`);
        }
      });
    }
  }

  test(`runs that grew are those that were built at once (${isa})`, (t) => {
    // The mean is that of the first forward, so without it: only then can one call be enough.
    const maskers: MaskerConfig[] = [{ ...magicPig, lshK: 7, center: 'none' }];
    for (const ends of [
      [1, 1023, 1024, 1025],
      [3000, 3072, 3073],
      [500, 5000, 8191, 8192],
      [8191, nMost],
      [7000, 7168, 8000, 9216, nMost],
    ]) {
      t.deepEqual(forward(maskers, ends, isa), forward(maskers, ends.slice(-1), isa), `${ends}`);
    }
  });
}

test('a step reads the buckets of its codes, not those of all keys', (t) => {
  const maskers: MaskerConfig[] = [{ kind: 'magic_pig', lshL: 40, lshK: 10 }];
  const result = forward(maskers, [8192], 'scalar');
  const rows = new Set<number>();
  const { indptr, indices } = result?.mask ?? { indptr: [], indices: new Uint32Array() };
  for (let head = 0; head < nQHeads; head++) {
    const kvHead = Math.floor((head * nKvHeads) / nQHeads);
    const kept = indices.subarray(indptr[head], indptr[head + 1]);
    for (const key of kept) rows.add(kvHead * nMost + key);
  }
  const index =
    (result?.bytesRead ?? 0) - rows.size * (2 * headDim * 4 + 4) - nKvHeads * headDim * 4;
  // Scanning codes of two bytes would read 40 * 8192 * 2 bytes per KV head.
  t.true(index >= nKvHeads * 40 * 8);
  t.true(index < (nKvHeads * 40 * 8192 * 2) / 8);
});
