// `device` of KvCache and SparseAttention. Where a GPU is there, or the addon that test:simt builds with the emulator
// is taken, it also computes on it; else it shows how that is refused.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import type { Device } from '../../ts/attention/device.js';
import { KvCache, type KvCacheOptions } from '../../ts/attention/kv-cache.js';
import { SparseAttention } from '../../ts/attention/sparse-attention.js';
import { denseAttention, info, type SparseConfig } from '../../ts/index.js';
import { normals } from '../helpers/arrays.js';
import { hashOf, ordersOf } from '../helpers/learned.js';
import { hashTensors, writeChannels, writeSafetensors } from '../helpers/learned-files.js';

const shape = { nKvHeads: 1, headDim: 64, dtype: 'f16', capacity: 200 } as const;
const nQHeads = 2;
const queries = normals(nQHeads * 64, 3);
const sinkAndLocal = [
  { kind: 'sink', sinkSize: 4 },
  { kind: 'local', windowSize: 8 },
] as const;
const heavy = { kind: 'top_k', heavySize: 12 } as const;

function filled(options: Partial<KvCacheOptions> = {}, n = 150): KvCache {
  const kv = new KvCache({ ...shape, ...options });
  const length = kv.nKvHeads * n * kv.headDim;
  kv.append(normals(length, 1), normals(length, 2));
  return kv;
}

const { cudaAvailable, cudaBuilt, cudaReason = '' } = info();

test('the CPU is the default, and auto takes CUDA where it is', (t) => {
  const auto: Device = cudaAvailable ? 'cuda' : 'cpu';
  t.is(new KvCache(shape).device, 'cpu');
  t.is(new SparseAttention({ maskers: [] }, { nQHeads }).device, 'cpu');
  t.is(new KvCache({ ...shape, device: 'auto' }).device, auto);
  t.is(new SparseAttention({ maskers: [] }, { nQHeads, device: 'auto' }).device, auto);
});

test('auto takes the CPU for what CUDA has no kernels for', (t) => {
  t.is(new KvCache({ ...shape, headDim: 100, device: 'auto' }).device, 'cpu');
  const config: SparseConfig = { maskers: [], semantics: 'hub' };
  t.is(new SparseAttention(config, { nQHeads, device: 'auto' }).device, 'cpu');
});

test('an attention on auto goes to a cache on the CPU', (t) => {
  const attention = new SparseAttention({ maskers: sinkAndLocal }, { nQHeads, device: 'auto' });
  const same = new SparseAttention({ maskers: sinkAndLocal }, { nQHeads });
  const kv = filled();
  t.deepEqual(attention.forward(queries, kv), same.forward(queries, kv));
});

test('an unknown device is refused by name', (t) => {
  const message = /"cpu" or "cuda" or "auto" for device but received "gpu"/;
  const device = 'gpu' as Device;
  t.throws(() => new KvCache({ ...shape, device }), { code: 'ERR_ARGUMENT', message });
  t.throws(() => new SparseAttention({ maskers: [] }, { nQHeads, device }), {
    code: 'ERR_ARGUMENT',
    message,
  });
});

test('a cache that was disposed of holds no memory and says so', async (t) => {
  const kv = filled();
  const attention = new SparseAttention({ maskers: [] }, { nQHeads });
  t.true(kv.bytes > 0);
  kv.dispose();
  kv.dispose();
  t.is(kv.bytes, 0);
  t.is(kv.nKv, 0);
  const disposed = { code: 'ERR_DISPOSED', message: /disposed of; make another/ };
  t.throws(() => kv.append(normals(64, 1), normals(64, 1)), disposed);
  t.throws(() => attention.forward(queries, kv), disposed);
  t.throws(() => denseAttention(queries, kv), disposed);
  await t.throwsAsync(attention.forwardAsync(queries, kv), disposed);
});

test('a call under way ends before the memory goes', async (t) => {
  const kv = filled();
  const attention = new SparseAttention({ maskers: [] }, { nQHeads });
  const expected = attention.forward(queries, kv);
  const running = attention.forwardAsync(queries, kv);
  kv.dispose();
  t.deepEqual(await running, expected);
});

test('the garbage collector comes for caches that nobody holds', async (t) => {
  let n = 0;
  const collected = new FinalizationRegistry(() => {
    n += 1;
  });
  const rows = normals(4096 * 256, 1);
  for (let i = 0; i < 40; i += 1) {
    const kv = new KvCache({ nKvHeads: 1, headDim: 256, capacity: 4096 });
    kv.append(rows, rows);
    collected.register(kv, i);
    await setImmediate();
  }
  t.true(n > 0);
});

// One after another: the emulator runs one call at a time.
if (cudaAvailable) {
  testResults();
  testRefusals();
  testGrowth();
} else {
  test('CUDA that is not there is refused with the reason and the cure', (t) => {
    const refusals = [
      () => new KvCache({ ...shape, device: 'cuda' }),
      () => new SparseAttention({ maskers: [] }, { nQHeads, device: 'cuda' }),
    ];
    for (const refusal of refusals) {
      const { message = '' } = t.throws(refusal, { code: 'ERR_DEVICE' }) ?? {};
      t.true(message.includes(cudaReason), message);
      t.regex(message, cudaBuilt ? /install a driver/ : /Building with CUDA/);
      t.regex(message, /device: "cpu" or "auto"/);
    }
  });
}

function testResults(): void {
  const layer = 2;
  const folder = mkdtempSync(join(tmpdir(), 'sparsetune-device-'));
  test.after.always(() => rmSync(folder, { recursive: true }));
  const hatWeightFile = writeSafetensors(folder, hashTensors(hashOf(nQHeads, 64), layer));
  const orders = Array.from({ length: layer + 1 }, () => ordersOf(1, 64));
  const sortedChannelFile = writeChannels(folder, orders);
  const configs: Readonly<Record<string, SparseConfig>> = {
    dense: { maskers: [] },
    int8: { maskers: [...sinkAndLocal, { ...heavy, scoreDtype: 'int8' }] },
    quest: { maskers: [{ kind: 'quest', heavySize: 32, pageSize: 16 }] },
    adaptive: {
      maskers: [
        ...sinkAndLocal,
        heavy,
        { kind: 'adaptive_sampling', baseSize: 16, epsilon: 0.3, delta: 0.3 },
      ],
    },
    magic_pig: { maskers: [...sinkAndLocal, { kind: 'magic_pig', lshL: 8, lshK: 4 }] },
    top_p: { maskers: [...sinkAndLocal, { kind: 'top_p', topP: 0.6 }] },
    double_sparsity: {
      maskers: [{ kind: 'double_sparsity', heavySize: 20, groupFactor: 8, sortedChannelFile }],
    },
    hash_top_k: {
      maskers: [...sinkAndLocal, { kind: 'hash_top_k', heavySize: 20, hatWeightFile }],
    },
  };

  for (const [name, config] of Object.entries(configs)) {
    test.serial(`CUDA keeps the keys of the CPU: ${name}`, async (t) => {
      const [cpu, cuda] = (['cpu', 'cuda'] as const).map((device) => {
        const attention = new SparseAttention(config, { nQHeads, device, seed: 5, layer });
        t.is(attention.device, device);
        const kv = filled({ device });
        const result = attention.forward(queries, kv, { returnMask: true });
        return { attention, kv, result };
      });
      if (cpu === undefined || cuda === undefined) return t.fail();
      t.deepEqual(cuda.result.mask?.indptr, cpu.result.mask?.indptr);
      t.deepEqual(cuda.result.mask?.indices, cpu.result.mask?.indices);
      t.is(cuda.result.bytesRead, cpu.result.bytesRead);
      t.true(Math.abs(cuda.result.density - cpu.result.density) < 1e-12);
      t.true(worst(cuda.result.output, cpu.result.output) < 2e-5);
      t.is(cuda.kv.bytes, cpu.kv.bytes);
      const again = await cuda.attention.forwardAsync(queries, cuda.kv);
      t.deepEqual(again.output, cuda.result.output);
    });
  }

  test.serial('calls on several caches at once give what each gives alone', async (t) => {
    const config: SparseConfig = { maskers: [...sinkAndLocal, heavy] };
    const attention = new SparseAttention(config, { nQHeads, device: 'cuda' });
    const caches = [filled({ device: 'cuda' }), filled({ device: 'cuda' }, 100)];
    const expected = caches.map((kv) => attention.forward(queries, kv));
    const running = caches.map((kv) => attention.forwardAsync(queries, kv));
    const passing = filled({ device: 'cuda' });
    t.deepEqual(attention.forward(queries, passing), expected[0]);
    passing.dispose();
    t.deepEqual(await Promise.all(running), expected);
  });

  test.serial('dense attention runs where the keys are', (t) => {
    const cuda = denseAttention(queries, filled({ device: 'cuda' }));
    t.true(worst(cuda.output, denseAttention(queries, filled()).output) < 2e-5);
  });
}

function testRefusals(): void {
  test.serial('an attention and a cache on two devices are refused with the cure', (t) => {
    for (const [here, there] of [
      ['cpu', 'cuda'],
      ['cuda', 'cpu'],
    ] as const) {
      const attention = new SparseAttention({ maskers: [] }, { nQHeads, device: here });
      t.throws(() => attention.forward(queries, filled({ device: there })), {
        code: 'ERR_DEVICE',
        message: new RegExp(`cache is on "${there}".*runs on "${here}".*device: attention.device`),
      });
    }
  });

  const refused: readonly [string, SparseConfig, RegExp][] = [
    ['hub semantics', { maskers: [], semantics: 'hub' }, /"hub" has no CUDA kernels/],
    [
      'a second choice',
      { maskers: [heavy, { kind: 'quest', heavySize: 16, pageSize: 16 }] },
      /"quest" after masker "top_k" has no CUDA kernels/,
    ],
  ];
  for (const [title, config, message] of refused) {
    test.serial(`CUDA refuses by name what it has no kernels for: ${title}`, (t) => {
      const refusal = () => new SparseAttention(config, { nQHeads, device: 'cuda' });
      const { message: found = '' } = t.throws(refusal, { code: 'ERR_DEVICE', message }) ?? {};
      t.regex(found, /take device: "cpu" or "auto"/);
    });
  }

  test.serial('CUDA refuses heads and groups it has no kernels for', (t) => {
    t.throws(() => new KvCache({ ...shape, headDim: 100, device: 'cuda' }), {
      code: 'ERR_DEVICE',
      message: /headDim 100 has no CUDA kernels \(64, 80, 96, 128, 256 have\)/,
    });
    const attention = new SparseAttention({ maskers: [] }, { nQHeads: 9, device: 'cuda' });
    t.throws(() => attention.forward(normals(9 * 64, 1), filled({ device: 'cuda' })), {
      code: 'ERR_DEVICE',
      message: /9 query heads a KV head have no CUDA kernels \(up to 8 have\)/,
    });
  });
}

function testGrowth(): void {
  test.serial('a cache on CUDA grows to its capacity, and goes', (t) => {
    const kv = filled({ device: 'cuda' }, 1);
    const first = kv.bytes;
    kv.append(normals(199 * 64, 1), normals(199 * 64, 2));
    t.true(kv.bytes > first);
    t.throws(() => kv.append(normals(64, 1), normals(64, 2)), { code: 'ERR_CAPACITY' });
    kv.dispose();
    t.is(kv.bytes, 0);
  });
}

function worst(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, x, i) => Math.max(most, Math.abs(x - (b[i] ?? Number.NaN))), 0);
}
