import test from 'ava';
import type { MaskerConfig } from '../../ts/maskers/masker.js';
import { loadAddon } from '../../ts/native/addon.js';
import type { Isa } from '../../ts/native/isa.js';
import { largestDifference, normals, row } from '../helpers/arrays.js';
import { isas } from '../helpers/isas.js';
import { channelMasker, hashMasker } from '../helpers/learned.js';
import { referenceMask, referenceOutput } from '../helpers/reference-chain.js';
import type { ReferenceRow } from '../helpers/reference-row.js';

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
const quantizedTopK: MaskerConfig = { ...topK, heavySize: 40, scoreDtype: 'int8' };
const magicPig: MaskerConfig = { kind: 'magic_pig', lshL: 40, lshK: 4 };

const quest: MaskerConfig = { kind: 'quest', heavySize: 30, pageSize: 8 };
const random: MaskerConfig = { kind: 'random_sampling', samplingRate: 0.2 };
const adaptive: MaskerConfig = {
  kind: 'adaptive_sampling',
  baseSize: 20,
  epsilon: 0.2,
  delta: 0.3,
};
const doubleSparsity = channelMasker(groupSize);
const hashTopK = hashMasker(groupSize);

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
  ['top_k by int8 scores', [quantizedTopK]],
  ['top_k by int8 scores of few', [{ ...topK, heavySize: 2, scoreDtype: 'int8' }]],
  ['top_k by int8 scores of all but one', [{ ...topK, heavySize: 146, scoreDtype: 'int8' }]],
  ['sink, local, top_k by int8 scores', [sink, local, quantizedTopK]],
  ['top_k by both scores', [topK, quantizedTopK, sink, { ...quantizedTopK, heavySize: 9 }]],
  ['magic_pig, then top_k by int8 scores', [magicPig, local, quantizedTopK]],
  ['top_p', [{ kind: 'top_p', topP: 0.6 }]],
  ['sink, local, top_p', [sink, local, { kind: 'top_p', topP: 0.9 }]],
  ['top_p of everything', [{ kind: 'top_p', topP: 1 }]],
  ['top_k, then top_p of 0', [topK, { kind: 'top_p', topP: 0 }]],
  ['quest', [quest]],
  ['sink, local, quest', [sink, local, quest]],
  ['quest with pages of one key', [{ ...quest, pageSize: 1 }]],
  ['quest with pages beyond the context', [{ ...quest, pageSize: 400 }]],
  ['quest with pages that divide nothing', [sink, topK, { ...quest, pageSize: 7 }]],
  ['quest, then local and top_k', [quest, local, topK]],
  ['quest of more pages than there are', [{ kind: 'quest', heavyFraction: 1, pageSize: 16 }]],
  ['double_sparsity', [doubleSparsity]],
  ['sink, local, double_sparsity', [sink, local, doubleSparsity]],
  ['double_sparsity with one list for the group', [local, channelMasker(1)]],
  ['top_k, then double_sparsity of many', [topK, { ...doubleSparsity, heavySize: 100 }]],
  ['hash_top_k', [hashTopK]],
  ['sink, local, hash_top_k', [sink, local, hashTopK]],
  ['hash_top_k with one network for the group', [sink, topK, hashMasker(1)]],
  ['random_sampling', [random]],
  ['sink, local, random_sampling', [sink, local, random]],
  ['top_k, then random_sampling of all', [topK, { ...random, samplingRate: 1 }]],
  ['a random_sampling that rounds to nothing', [sink, { ...random, samplingRate: 1e-4 }]],
  ['random_sampling, then local', [random, { kind: 'local', windowSize: 60 }]],
  ['adaptive_sampling', [adaptive]],
  ['sink, local, top_k, adaptive_sampling', [sink, local, topK, adaptive]],
  ['adaptive_sampling with a base fraction', [sink, { ...fraction(adaptive), epsilon: 0.05 }]],
  ['adaptive_sampling of few keys', [{ kind: 'local', windowSize: 130 }, adaptive]],
  ['two states in one index', [sink, quest, magicPig]],
  ['four states in one index', [hashTopK, doubleSparsity, local, magicPig, quest]],
  ['two quests', [quest, { ...quest, pageSize: 5 }]],
  ['magic_pig that finds nothing', [{ ...magicPig, lshL: 2, lshK: 16 }]],
];

function fraction(masker: MaskerConfig): MaskerConfig {
  const { baseSize: _, ...rest } = masker;
  return { ...rest, kind: masker.kind, baseFraction: 0.15 };
}

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
  const query = row(queries, r, headDim);
  return { query, keys, headDim, nVisible, seed, layer: 0, nMean, scale, head: Math.floor(r / nQ) };
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

const indexed: readonly [string, MaskerConfig[]][] = [
  ['magic_pig', [sink, local, topK, magicPig]],
  ['quest', [sink, local, quest]],
  ['double_sparsity', [sink, local, doubleSparsity]],
  ['hash_top_k', [sink, local, hashTopK]],
  ['top_k by int8 scores', [sink, local, quantizedTopK]],
  ['top_k by int8 scores and magic_pig', [magicPig, sink, quantizedTopK]],
  ['quest and magic_pig', [sink, local, quest, magicPig]],
];

for (const isa of isas) {
  for (const [title, maskers] of indexed) {
    test(`keys of ${title} indexed one by one or in blocks give the same result (${isa})`, (t) => {
      const [first, ...others] = splits.map((split) => run(maskers, split, isa));
      for (const other of others) t.deepEqual(other, first);
    });
  }

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

test('learned maskers without what they learned are refused', (t) => {
  const split = { nBase: nKv, step: 1 };
  for (const masker of [hashTopK, doubleSparsity]) {
    const bare = { kind: masker.kind, heavySize: 4 };
    t.throws(() => run([bare], split, 'scalar'), { code: 'ERR_SHAPE' });
    const other = masker === hashTopK ? hashMasker(groupSize, 1) : channelMasker(groupSize, 1);
    t.throws(() => run([other], split, 'scalar'), { code: 'ERR_SHAPE' }, 'another layer');
  }
});

test('the samples of a seed are the same on every instruction set', (t) => {
  for (const maskers of [[random], [sink, local, random], [sink, adaptive]]) {
    const [first, ...others] = isas.map(
      (isa) => run(maskers, { nBase: nKv, step: 1 }, isa).indices,
    );
    for (const other of others) t.deepEqual(other, first);
  }
});

test('two samplers are refused', (t) => {
  const split = { nBase: nKv, step: 1 };
  t.throws(() => run([magicPig, magicPig], split, 'scalar'), { code: 'ERR_ARGUMENT' });
});
