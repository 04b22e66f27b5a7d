import test from 'ava';
import { denseAttention } from '../../ts/attention/dense-attention.js';
import { KvCache } from '../../ts/attention/kv-cache.js';
import { type ForwardOptions, SparseAttention } from '../../ts/attention/sparse-attention.js';
import type { MaskerConfig } from '../../ts/maskers/masker.js';
import type { Given } from '../../ts/native/attention-addon.js';
import type { SparseConfig } from '../../ts/sparse-config.js';
import { largestDifference, normals } from '../helpers/arrays.js';

const nKvHeads = 2;
const nQHeads = 6;
const headDim = 16;
const nKv = 120;
const floats = new Float32Array(3);

function cache(): KvCache {
  const kv = new KvCache({ nKvHeads, headDim, capacity: nKv });
  kv.append(normals(nKvHeads * nKv * headDim, 1), normals(nKvHeads * nKv * headDim, 2));
  return kv;
}

function queriesOf(nQ: number): Float32Array {
  return normals(nQHeads * nQ * headDim, 3);
}

const badGiven: readonly [string, unknown, string, RegExp][] = [
  ['an unknown value', { draws: floats }, 'ERR_ARGUMENT', /"draws"/],
  ['a mask of another size', { attentionMask: floats }, 'ERR_SHAPE', /for given\.attentionMask/],
  [
    'a NaN mask',
    { attentionMask: new Float32Array(120).fill(Number.NaN) },
    'ERR_ARGUMENT',
    /no NaN/,
  ],
  ['a projection of another size', { projection: floats }, 'ERR_SHAPE', /for given\.projection/],
  ['a norm of 0', { maxNorm: 0 }, 'ERR_ARGUMENT', /for given\.maxNorm/],
  ['an array instead', [], 'ERR_ARGUMENT', /for given /],
  ['draws of another type', { sampledIndices: [1] }, 'ERR_ARGUMENT', /for given\.sampledIndices/],
  [
    'draws that are no keys',
    { adaptiveIndices: Uint32Array.of(120) },
    'ERR_ARGUMENT',
    /given\.adaptiveIndices.*120/,
  ],
  [
    'too few channels',
    { sortedChannels: Uint32Array.of(1, 0) },
    'ERR_SHAPE',
    /for given\.sortedChannels/,
  ],
  [
    'a hash of other heads',
    { hashWeights: { nHeads: 2, query: [], key: [] } },
    'ERR_ARGUMENT',
    /hashWeights\.nHeads/,
  ],
  [
    'a hash without layers',
    { hashWeights: { nHeads: 6, query: [], key: [] } },
    'ERR_ARGUMENT',
    /hashWeights\.query/,
  ],
];

for (const [title, given, code, message] of badGiven) {
  test(`given values with ${title} are refused by name`, (t) => {
    const config: SparseConfig = {
      maskers: [{ kind: 'magic_pig', lshL: 8, lshK: 4 }],
      semantics: 'hub',
    };
    const attention = new SparseAttention(config, { nQHeads });
    const options = { given } as ForwardOptions;
    t.throws(() => attention.forward(queriesOf(1), cache(), options), { code, message });
  });
}

const hubCase = (masker: MaskerConfig): SparseConfig => ({ maskers: [masker], semantics: 'hub' });
const ends = { initOffsetSize: 0, localOffsetSize: 0 };

test('draws of another number than the hub makes are refused', (t) => {
  const forward = (masker: MaskerConfig, given: Given) =>
    new SparseAttention(hubCase(masker), { nQHeads }).forward(queriesOf(1), cache(), { given });
  const random = { kind: 'random_sampling', samplingRate: 0.1 };
  const few = new Uint32Array(nQHeads * 11);
  t.throws(() => forward(random, { sampledIndices: few }), { code: 'ERR_SHAPE' });
  t.notThrows(() => forward(random, { sampledIndices: new Uint32Array(nQHeads * 12) }));
  const adaptive = { kind: 'adaptive_sampling', baseSize: 4, epsilon: 0.1, delta: 0.1, ...ends };
  t.throws(() => forward(adaptive, { baseIndices: few }), { code: 'ERR_SHAPE' });
  t.throws(() => forward(adaptive, { adaptiveIndices: few }), { code: 'ERR_SHAPE' });
});

test('hub samplers draw by the seed where nothing is given', (t) => {
  for (const masker of [
    { kind: 'random_sampling', samplingRate: 0.2 },
    { kind: 'adaptive_sampling', baseSize: 8, epsilon: 0.3, delta: 0.2, ...ends },
  ]) {
    const indices = (seed: number) =>
      new SparseAttention(hubCase(masker), { nQHeads, seed }).forward(queriesOf(2), cache(), {
        returnMask: true,
      }).mask?.indices;
    t.deepEqual(indices(1), indices(1));
    t.notDeepEqual(indices(1), indices(2));
  }
});

test("the hub's empty mask is dense attention of density 0", (t) => {
  const masker = { kind: 'adaptive_sampling', baseSize: 0, epsilon: 0.3, delta: 0.2, ...ends };
  const attention = new SparseAttention(hubCase(masker), { nQHeads });
  const empty = attention.forward(queriesOf(1), cache(), { returnMask: true });
  const dense = denseAttention(queriesOf(1), cache());
  t.true(largestDifference(empty.output, dense.output) < 1e-5);
  t.is(empty.density, 0);
  t.is(empty.mask?.indices.length, 0);
});
