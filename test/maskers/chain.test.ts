import test from 'ava';
import type { MaskerConfig } from '../../ts/maskers/masker.js';
import { loadAddon } from '../../ts/native/addon.js';
import type { Isa } from '../../ts/native/attention-addon.js';
import { largestDifference, normals, row } from '../helpers/arrays.js';
import { isas } from '../helpers/isas.js';
import { type ReferenceRow, referenceMask, referenceOutput } from '../helpers/reference-chain.js';

const { attendGroup } = loadAddon().kernels;

const headDim = 24;
const groupSize = 3;
const nQ = 4;
const nKv = 150;
const scale = headDim ** -0.5;
const seed = 5;
const queries = normals(groupSize * nQ * headDim, 1);
const keys = normals(nKv * headDim, 2).map((x, i) => x + (i % headDim === 0 ? 1.5 : 0));
const values = normals(nKv * headDim, 3);

const sink: MaskerConfig = { kind: 'sink', sinkSize: 5 };
const local: MaskerConfig = { kind: 'local', windowFraction: 0.06 };
const topK: MaskerConfig = { kind: 'top_k', heavySize: 11 };
const magicPig: MaskerConfig = { kind: 'magic_pig', lshL: 40, lshK: 4 };

const chains: readonly [string, MaskerConfig[]][] = [
  ['sink', [sink]],
  ['local', [local]],
  ['top_k', [topK]],
  ['a fraction of top_k', [{ kind: 'top_k', heavyFraction: 0.2 }]],
  ['a fraction that rounds to nothing', [{ kind: 'sink', sinkFraction: 1e-6 }]],
  ['sink, local, top_k', [sink, local, topK]],
  ['top_k, local, sink', [topK, local, sink]],
  ['top_k twice', [topK, sink, { kind: 'top_k', heavySize: 7 }]],
  [
    'two sinks and two locals',
    [sink, local, { kind: 'sink', sinkSize: 9 }, { kind: 'local', windowSize: 3 }],
  ],
  [
    'a sink that meets the local',
    [{ kind: 'sink', sinkSize: 100 }, { kind: 'local', windowSize: 90 }, topK],
  ],
  ['more than there is', [{ kind: 'sink', sinkSize: 1000 }]],
  ['a top_k of more than is left', [sink, { kind: 'top_k', heavySize: 148 }]],
  ['sink, local, magic_pig', [sink, local, magicPig]],
  ['magic_pig alone', [magicPig]],
  ['magic_pig with 1 match', [local, { ...magicPig, minMatches: 1, lshK: 6 }]],
  ['magic_pig without centring', [sink, { ...magicPig, center: 'none' }]],
  ['magic_pig with wide codes', [sink, { ...magicPig, lshL: 200, lshK: 9 }]],
  ['magic_pig, then sink and local', [magicPig, sink, local]],
  ['top_k, then magic_pig', [sink, topK, magicPig]],
  ['magic_pig, then top_k', [magicPig, local, topK]],
  ['magic_pig that finds nothing', [{ ...magicPig, lshL: 2, lshK: 16 }]],
];

interface Split {
  nBase: number;
  step: number;
}

function run(maskers: readonly MaskerConfig[], split: Split, isa: Isa, window = 0) {
  const args = { headDim, groupSize, queries, keys, values, scale, window, isa };
  return attendGroup({ ...args, ...split, config: { maskers, seed } });
}

function referenceRow(r: number, nMean: number): ReferenceRow {
  const nVisible = nKv - nQ + (r % nQ) + 1;
  return { query: row(queries, r, headDim), keys, headDim, nVisible, seed, layer: 0, nMean };
}

/** Bytes of the distinct key and value rows, from the masks of the heads at each query. */
function rowBytes(masks: readonly number[][]): number {
  const distinct = Array.from({ length: nQ }, (_, i) => {
    const heads = Array.from({ length: groupSize }, (_g, g) => masks[g * nQ + i] ?? []);
    return new Set(heads.flat()).size;
  });
  return 2 * 4 * headDim * distinct.reduce((a, b) => a + b);
}

for (const isa of isas) {
  for (const [title, maskers] of chains) {
    test(`${title} (${isa}) keeps and weighs what the rules say`, (t) => {
      const result = run(maskers, { nBase: nKv, step: 1 }, isa);
      const masks: number[][] = [];
      for (let r = 0; r < groupSize * nQ; r++) {
        const input = referenceRow(r, nKv);
        const kept = referenceMask(maskers, input);
        const [begin = 0, end = 0] = result.indptr.subarray(r, r + 2);
        t.deepEqual([...result.indices.subarray(begin, end)], [...kept.keys()], `row ${r}`);
        // Float scores give the cosine to about 1e-6, and p its relative error lshK times as large.
        const probs = result.probs.subarray(begin, end);
        const relative = [...kept.values()].map((p, i) =>
          Math.abs((probs[i] ?? Number.NaN) / p - 1),
        );
        t.true(Math.max(...relative) <= 1e-4, `row ${r}`);
        t.true(probs.every((p) => p > 0 && p <= 1));
        const output = referenceOutput(kept, input, values, scale);
        t.true(largestDifference(row(result.output, r, headDim), output) <= 2e-5, `row ${r}`);
        masks.push([...kept.keys()]);
      }
      t.is(result.attended, masks.flat().length);
      t.is(result.visible, groupSize * [147, 148, 149, 150].reduce((a, b) => a + b));
      if (maskers.every(({ kind }) => kind === 'sink' || kind === 'local')) {
        t.is(result.bytesRead, rowBytes(masks));
      }
    });
  }
}

const splits: readonly Split[] = [
  { nBase: 100, step: 1 },
  { nBase: 100, step: 7 },
  { nBase: 100, step: 50 },
  { nBase: 100, step: 1000 },
];

for (const isa of isas) {
  test(`keys indexed one by one or in blocks give the same result (${isa})`, (t) => {
    const maskers = [sink, local, topK, magicPig];
    const [first, ...others] = splits.map((split) => run(maskers, split, isa));
    for (const other of others) t.deepEqual(other, first);
  });

  test(`base and tail are one sequence (${isa})`, (t) => {
    const maskers = [sink, local, { kind: 'top_k', heavySize: 20 }];
    const whole = run(maskers, { nBase: nKv, step: 1 }, isa);
    for (const nBase of [0, 1, 3, 75, 149]) {
      const parts = run(maskers, { nBase, step: 1 }, isa);
      t.deepEqual(parts.indices, whole.indices);
      t.is(parts.bytesRead, whole.bytesRead);
      t.true(largestDifference(parts.output, whole.output) <= 1e-6);
    }
  });

  test(`a child index keeps the mean of its parent (${isa})`, (t) => {
    const maskers = [magicPig];
    const result = run(maskers, { nBase: 90, step: 10 }, isa);
    for (let r = 0; r < groupSize * nQ; r++) {
      const kept = referenceMask(maskers, referenceRow(r, 90));
      const [begin, end] = result.indptr.subarray(r, r + 2);
      t.deepEqual([...result.indices.subarray(begin, end)], [...kept.keys()]);
    }
  });

  test(`dense attention sees the window of its layer and nothing later (${isa})`, (t) => {
    for (const window of [0, 1, 3, 40, 149, 150, 1000]) {
      const result = run([], { nBase: 146, step: 1 }, isa, window);
      for (let r = 0; r < groupSize * nQ; r++) {
        const input = referenceRow(r, nKv);
        const first = window === 0 ? 0 : Math.max(0, input.nVisible - window);
        const visible = Array.from({ length: input.nVisible - first }, (_, i) => first + i);
        const kept = new Map(visible.map((key) => [key, 1]));
        const output = referenceOutput(kept, input, values, scale);
        t.true(largestDifference(row(result.output, r, headDim), output) <= 2e-5, `row ${r}`);
        const [begin, end] = result.indptr.subarray(r, r + 2);
        t.deepEqual([...result.indices.subarray(begin, end)], visible);
      }
      t.is(result.attended, result.visible);
    }
  });

  test(`a chain that keeps every key is dense attention (${isa})`, (t) => {
    const dense = run([], { nBase: nKv, step: 1 }, isa);
    for (const maskers of [
      [{ kind: 'top_k', heavySize: nKv }],
      [{ kind: 'local', windowFraction: 1 }],
      [sink, { kind: 'top_k', heavySize: nKv - 5 }],
    ]) {
      const sparse = run(maskers, { nBase: nKv, step: 1 }, isa);
      t.true(largestDifference(sparse.output, dense.output) <= 1e-6);
      t.is(sparse.attended, dense.attended);
      t.is(sparse.bytesRead, dense.bytesRead);
    }
  });
}

test('top_k breaks ties by the lower key', (t) => {
  const equal = new Float32Array(20 * headDim).fill(1);
  const args = { headDim, groupSize: 1, keys: equal, values: equal, scale, nBase: 20, step: 1 };
  const config = {
    maskers: [
      { kind: 'sink', sinkSize: 2 },
      { kind: 'top_k', heavySize: 3 },
    ],
  };
  for (const isa of isas) {
    const result = attendGroup({
      ...args,
      queries: equal.slice(0, headDim),
      config,
      window: 0,
      isa,
    });
    t.deepEqual([...result.indices], [0, 1, 2, 3, 4]);
  }
});

test('a window with maskers is refused', (t) => {
  t.throws(() => run([sink], { nBase: nKv, step: 1 }, 'scalar', 10), { code: 'ERR_ARGUMENT' });
});

test('a kind that is not built is refused', (t) => {
  const split = { nBase: nKv, step: 1 };
  t.throws(() => run([{ kind: 'quest' }], split, 'scalar'), { code: 'ERR_CONFIG' });
});

test('two samplers are refused', (t) => {
  const split = { nBase: nKv, step: 1 };
  t.throws(() => run([magicPig, magicPig], split, 'scalar'), { code: 'ERR_ARGUMENT' });
});
