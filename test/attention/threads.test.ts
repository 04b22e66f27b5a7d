import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { denseAttention } from '../../ts/attention/dense-attention.js';
import { KvCache, type KvDtype } from '../../ts/attention/kv-cache.js';
import { SparseAttention } from '../../ts/attention/sparse-attention.js';
import type { MaskerConfig } from '../../ts/maskers/masker.js';
import type { ForwardResult, Mask } from '../../ts/native/attention-addon.js';
import { threadsOfProcess } from '../../ts/threads.js';
import { normals, row } from '../helpers/arrays.js';
import { hashOf, ordersOf } from '../helpers/learned.js';
import { hashTensors, writeChannels, writeSafetensors } from '../helpers/learned-files.js';

// Large enough that every chain below is worth several threads; 20 positions make two blocks of each KV head.
const nKvHeads = 5;
const nQHeads = 10;
const headDim = 32;
const nKv = 2000;
const nQ = 20;

const folder = mkdtempSync(join(tmpdir(), 'sparsetune-threads-'));
test.after.always(() => rmSync(folder, { recursive: true }));
const hatWeightFile = writeSafetensors(folder, hashTensors(hashOf(nQHeads, headDim)));
const sortedChannelFile = writeChannels(folder, [ordersOf(nQHeads, headDim)]);

const keys = normals(nKvHeads * nKv * headDim, 1);
const values = normals(nKvHeads * nKv * headDim, 2);
const queries = normals(nQHeads * nQ * headDim, 3);

function cache(dtype: KvDtype = 'f32'): KvCache {
  const kv = new KvCache({ nKvHeads, headDim, dtype, capacity: nKv });
  kv.append(keys, values);
  return kv;
}

/** The queries of position `i` alone. */
function positionOf(i: number): Float32Array {
  const one = new Float32Array(nQHeads * headDim);
  for (let head = 0; head < nQHeads; head++) {
    one.set(row(queries, head * nQ + i, headDim), head * headDim);
  }
  return one;
}

/** A cache whose last key is that of position `i`. */
function cacheUntil(i: number): KvCache {
  const n = nKv - nQ + i + 1;
  const cut = (rows: Float32Array) => {
    const result = new Float32Array(nKvHeads * n * headDim);
    for (let head = 0; head < nKvHeads; head++) {
      result.set(row(rows, head, nKv * headDim).subarray(0, n * headDim), head * n * headDim);
    }
    return result;
  };
  const kv = new KvCache({ nKvHeads, headDim, capacity: n });
  kv.append(cut(keys), cut(values));
  return kv;
}

function maskRow(mask: Mask | undefined, i: number): Uint32Array | undefined {
  return mask?.indices.slice(mask.indptr[i], mask.indptr[i + 1]);
}

/** A result as bytes: quick to compare, and -0 is not 0. */
function bytesOf({ output, mask, density, bytesRead }: ForwardResult): string {
  const hash = createHash('sha256').update(output).update(Float64Array.of(density, bytesRead));
  for (const part of [mask?.indptr, mask?.indices, mask?.probs]) hash.update(part ?? '');
  return hash.digest('hex');
}

const chains: Record<string, readonly MaskerConfig[]> = {
  dense: [],
  'sink and local': [
    { kind: 'sink', sinkSize: 300 },
    { kind: 'local', windowFraction: 0.3 },
  ],
  top_k: [{ kind: 'top_k', heavyFraction: 0.1 }],
  top_p: [{ kind: 'top_p', topP: 0.5 }],
  quest: [{ kind: 'quest', heavyFraction: 0.2, pageSize: 16 }],
  double_sparsity: [
    { kind: 'double_sparsity', heavyFraction: 0.2, groupFactor: 4, sortedChannelFile },
  ],
  hash_top_k: [{ kind: 'hash_top_k', heavyFraction: 0.2, hatWeightFile }],
  random_sampling: [{ kind: 'random_sampling', samplingRate: 0.2 }],
  adaptive_sampling: [{ kind: 'adaptive_sampling', baseFraction: 0.1, epsilon: 0.1, delta: 0.1 }],
  magic_pig: [{ kind: 'magic_pig', lshL: 60, lshK: 6 }],
};

for (const [name, maskers] of Object.entries(chains)) {
  test(`${name} gives the same result, bit for bit, on any number of threads`, (t) => {
    for (const dtype of ['f32', 'f16'] as const) {
      const run = (threads: number) =>
        new SparseAttention({ maskers: [...maskers] }, { nQHeads, seed: 5, threads }).forward(
          queries,
          cache(dtype),
          { returnMask: true },
        );
      const alone = run(1);
      t.is(alone.mask?.indptr.length, nQHeads * nQ + 1);
      for (const threads of [2, 3, 8]) {
        t.is(bytesOf(run(threads)), bytesOf(alone), `${dtype}, ${threads} threads`);
      }
    }
  });
}

test('a position in a block keeps what it keeps alone', (t) => {
  const attention = new SparseAttention(
    { maskers: [{ kind: 'top_k', heavyFraction: 0.1 }] },
    { nQHeads, threads: 3 },
  );
  const { mask } = attention.forward(queries, cache(), { returnMask: true });
  for (const i of [0, 15, 16, 19]) {
    const alone = attention.forward(positionOf(i), cacheUntil(i), { returnMask: true }).mask;
    for (let head = 0; head < nQHeads; head++) {
      t.deepEqual(maskRow(mask, head * nQ + i), maskRow(alone, head));
    }
  }
});

test('several calls at once give what each gives alone', async (t) => {
  const kv = cache();
  const attentions = Object.values(chains).map(
    (maskers) => new SparseAttention({ maskers: [...maskers] }, { nQHeads, threads: 3 }),
  );
  const alone = attentions.map((attention) => attention.forward(queries, cache()));
  const together = await Promise.all(
    attentions.map((attention) => attention.forwardAsync(queries, kv)),
  );
  t.deepEqual(together, alone);
});

test('threads is validated by name, and defaults to the cores this process may use', (t) => {
  for (const threads of [0, 1025, 1.5, Number.NaN]) {
    const error = t.throws(() => new SparseAttention({ maskers: [] }, { nQHeads, threads }), {
      instanceOf: RangeError,
    });
    t.regex(error?.message ?? '', /threads/);
  }
  t.throws(() => denseAttention(queries, cache(), { nQHeads, threads: '2' as unknown as number }), {
    instanceOf: TypeError,
    message: /threads/,
  });
  t.is(
    new SparseAttention({ maskers: [] }, { nQHeads }).threads,
    Math.min(threadsOfProcess(), 1024),
  );
});

const importAttention = `
  const { KvCache } = await import(${JSON.stringify(new URL('../../ts/attention/kv-cache.js', import.meta.url).href)});
  const { denseAttention } = await import(${JSON.stringify(new URL('../../ts/attention/dense-attention.js', import.meta.url).href)});
  function attend(nKv, threads) {
    const kv = new KvCache({ nKvHeads: 4, headDim: 64, capacity: nKv });
    kv.append(new Float32Array(4 * nKv * 64).fill(1), new Float32Array(4 * nKv * 64).fill(2));
    return denseAttention(new Float32Array(4 * 64).fill(1), kv, { threads }).output[0];
  }
`;

/** Runs a script in a process of its own. */
function runAlone(script: string) {
  const args = ['--input-type=module', '-e', script];
  return spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 120_000 });
}

if (process.platform === 'linux') {
  test('threads start with the first call that is worth them, as many as asked for', (t) => {
    const { stdout, stderr } = runAlone(`
      import { readFileSync } from 'node:fs';
      ${importAttention}
      const count = () => Number(/Threads:\\s*(\\d+)/.exec(readFileSync('/proc/self/status'))[1]);
      attend(64, 3);
      const before = count();
      attend(64, 3);
      attend(8192, 1);
      const started = [count() - before];
      attend(8192, 3);
      attend(8192, 3);
      console.log(...started, count() - before);
    `);
    t.is(stdout, '0 2\n', stderr);
  });
}

test('a worker of Node that used threads can end, and the process too', (t) => {
  const work = `(async () => { ${importAttention} attend(8192, 3); })()`;
  const { status, stdout, stderr } = runAlone(`
    import { once } from 'node:events';
    import { setTimeout } from 'node:timers/promises';
    import { Worker } from 'node:worker_threads';
    for (let i = 0; i < 3; i++) {
      const [code] = await once(new Worker(${JSON.stringify(work)}, { eval: true }), 'exit');
      await setTimeout(20);
      console.log(code);
    }
  `);
  t.is(stdout, '0\n0\n0\n', stderr);
  t.is(status, 0);
});
