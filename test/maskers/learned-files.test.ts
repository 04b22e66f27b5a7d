import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { KvCache } from '../../ts/attention/kv-cache.js';
import { SparseAttention } from '../../ts/attention/sparse-attention.js';
import { readChannels, readHashWeights } from '../../ts/maskers/learned-files.js';
import type { MaskerConfig } from '../../ts/maskers/masker.js';
import { readTensors } from '../../ts/maskers/tensors.js';
import { loadAddon } from '../../ts/native/addon.js';
import { normals, row } from '../helpers/arrays.js';
import { hashOf, ordersOf } from '../helpers/learned.js';
import {
  hashTensors,
  writeChannels,
  writeJsonTensors,
  writeSafetensors,
} from '../helpers/learned-files.js';
import { referenceMask } from '../helpers/reference-chain.js';

const root = mkdtempSync(join(tmpdir(), 'sparsetune-learned-'));
test.after.always(() => rmSync(root, { recursive: true }));
const folder = () => mkdtempSync(join(root, 'case-'));
const headDim = 16;

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder(), name);
  writeFileSync(path, content);
  return path;
}

test('a hash is the same from safetensors and from JSON', (t) => {
  const tensors = hashTensors(hashOf(6, headDim), 2);
  const a = readTensors(writeSafetensors(folder(), tensors));
  const b = readTensors(writeJsonTensors(folder(), tensors));
  t.is(a.size, tensors.length);
  for (const { name, shape, data } of tensors) {
    t.deepEqual(a.get(name), { shape, data });
    t.deepEqual(b.get(name), { shape, data });
  }
});

test('halves of both kinds are read', (t) => {
  const header = JSON.stringify({
    half: { dtype: 'F16', shape: [3], data_offsets: [0, 6] },
    brain: { dtype: 'BF16', shape: [1, 2], data_offsets: [6, 10] },
  });
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const halves = loadAddon().kernels.toHalf(Float32Array.of(1, -2.5, 0.125));
  const brains = Uint16Array.of(0x3f80, 0xc020);
  const data = [Buffer.from(halves.slice().buffer), Buffer.from(brains.buffer)];
  const bytes = Buffer.concat([length, Buffer.from(header), ...data]);
  const tensors = readTensors(file('half.safetensors', bytes));
  t.deepEqual([...(tensors.get('half')?.data ?? [])], [1, -2.5, 0.125]);
  t.deepEqual(tensors.get('brain'), { shape: [1, 2], data: Float32Array.of(1, -2.5) });
});

test('a file is read once, and again when it has changed', (t) => {
  const path = writeSafetensors(folder(), hashTensors(hashOf(6, headDim)));
  const masker = { kind: 'hash_top_k', hatWeightFile: path };
  const first = readHashWeights(masker);
  t.is(readHashWeights(masker), first);
  utimesSync(path, 1, 1);
  t.not(readHashWeights(masker), first);
  t.deepEqual([...first.layers], [[0, { nHeads: 6, headDim }]]);
});

for (const nHeads of [6, 2]) {
  test(`attention with ${nHeads} networks and lists for 6 heads keeps what they say`, (t) => {
    const [nKvHeads, nQHeads, nKv] = [2, 6, 80];
    const hash = hashOf(nHeads, headDim);
    const order = ordersOf(nHeads, headDim);
    const hatWeightFile = writeSafetensors(folder(), hashTensors(hash));
    const sortedChannelFile = writeChannels(folder(), [order]);
    const keys = normals(nKvHeads * nKv * headDim, 1);
    const kv = new KvCache({ nKvHeads, headDim, capacity: nKv });
    kv.append(keys, keys);
    const queries = normals(nQHeads * headDim, 2);
    const maskers: MaskerConfig[] = [
      { kind: 'hash_top_k', heavySize: 9, hatWeightFile },
      { kind: 'double_sparsity', heavySize: 7, groupFactor: 4, sortedChannelFile },
    ];
    const { mask } = new SparseAttention({ maskers }, { nQHeads, layer: 0 }).forward(queries, kv, {
      returnMask: true,
    });
    const raw = maskers.map((masker) => ({ ...masker, hash, order }));
    for (let head = 0; head < nQHeads; head++) {
      const kvHead = Math.floor(head / 3);
      const kept = referenceMask(raw, {
        head: nHeads === nQHeads ? head : kvHead,
        query: row(queries, head, headDim),
        keys: row(keys, kvHead, nKv * headDim),
        ...{ headDim, nVisible: nKv, seed: 0, layer: 0, nMean: nKv, scale: 1 },
      });
      const [begin, end] = mask?.indptr.subarray(head, head + 2) ?? [];
      t.deepEqual([...(mask?.indices.subarray(begin, end) ?? [])], [...kept.keys()]);
    }
  });
}

test('files that do not fit a layer are refused, naming both', (t) => {
  const hatWeightFile = writeSafetensors(folder(), hashTensors(hashOf(6, headDim)));
  const maskers = [{ kind: 'hash_top_k', heavySize: 9, hatWeightFile }];
  const forward = (nQHeads: number, nKvHeads: number, dim: number, layer: number) => {
    const kv = new KvCache({ nKvHeads, headDim: dim, capacity: 4 });
    kv.append(normals(nKvHeads * dim, 1), normals(nKvHeads * dim, 2));
    const attention = new SparseAttention({ maskers }, { nQHeads, layer });
    return attention.forward(normals(nQHeads * dim, 3), kv);
  };
  t.notThrows(() => forward(6, 3, headDim, 0));
  const other = {
    code: 'ERR_CONFIG',
    message: /at layer 0 in .*hash\.safetensors but it has 6 heads of 16/,
  };
  t.throws(() => forward(8, 2, headDim, 0), other);
  t.throws(() => forward(6, 3, 32, 0), other);
  t.throws(() => forward(6, 3, headDim, 1), {
    code: 'ERR_CONFIG',
    message: /layer 1.*has nothing/,
  });
});

const matrix = [
  [
    [1, 2],
    [3, 4],
  ],
];
const badHash: readonly [string, () => string, RegExp][] = [
  ['no file', () => join(root, 'none.safetensors'), /Cannot read/],
  ['a pickle', () => file('weights.pkl', 'x'), /\.safetensors or \.json/],
  ['a short file', () => file('a.safetensors', 'x'), /no safetensors/],
  ['a length beyond the file', () => file('a.safetensors', Buffer.alloc(16, 9)), /no safetensors/],
  ['no JSON', () => file('a.json', '{'), /no JSON/],
  ['a list', () => file('a.json', '[]'), /JSON object/],
  ['no layers', () => file('a.json', '{"weights":[1]}'), /no names like/],
  ['a ragged array', () => file('a.json', '{"layers.0.query_matrix.0":[[1],[1,2]]}'), /one length/],
  [
    'a missing bias',
    () => file('a.json', JSON.stringify({ 'layers.0.query_matrix.0': matrix })),
    /query_bias\.0 of \[nHeads, nOut\]/,
  ],
  [
    'no network for keys',
    () =>
      file(
        'a.json',
        JSON.stringify({ 'layers.0.query_matrix.0': matrix, 'layers.0.query_bias.0': [[0, 0]] }),
      ),
    /key_matrix\.0/,
  ],
];

for (const [title, path, message] of badHash) {
  test(`a hash file with ${title} is refused`, (t) => {
    const masker = { kind: 'hash_top_k', hatWeightFile: path() };
    t.throws(() => readHashWeights(masker), { code: 'ERR_CONFIG', message });
  });
}

const badChannels: readonly [string, string, RegExp][] = [
  ['other names', '{"layers.0":[[0,1]]}', /no names like/],
  ['a channel twice', '{"model.layers.0.self_attn.qk_proj":[[0,0]]}', /each once/],
  ['lists of two lengths', '{"model.layers.0.self_attn.qk_proj":[[0,1],[0]]}', /each once/],
  ['no lists', '{"model.layers.0.self_attn.qk_proj":[]}', /a list per head/],
];

for (const [title, content, message] of badChannels) {
  test(`a channel file with ${title} is refused`, (t) => {
    const masker = { kind: 'double_sparsity', sortedChannelFile: file('channels.json', content) };
    t.throws(() => readChannels(masker), { code: 'ERR_CONFIG', message });
  });
}
