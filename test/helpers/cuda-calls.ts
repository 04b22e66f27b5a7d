// What a step of attention asks of a GPU's memory, as the emulator in the addon of test:simt counts it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KvCache } from '../../ts/attention/kv-cache.js';
import { SparseAttention } from '../../ts/attention/sparse-attention.js';
import { getPreset, listPresets } from '../../ts/maskers/presets.js';
import { maskerOf } from '../../ts/maskers/registry.js';
import type { SparseConfig } from '../../ts/sparse-config.js';
import { normals } from './arrays.js';
import { logDevice } from './device-log.js';
import { hashOf, ordersOf } from './learned.js';
import { hashTensors, writeChannels, writeSafetensors } from './learned-files.js';

/** A KV head with its group of query heads; keys and values are f16. */
const shape = { groupSize: 4, headDim: 128 } as const;
const nQueries = 4;

/** A step, as a mean over several queries. */
export interface CudaCall {
  /** Launches, and what is copied and cleared without the host. */
  readonly launches: number;
  /** What all of them read and wrote, each sector once a launch. */
  readonly bytes: number;
  /** That a head keeps. */
  readonly keys: number;
  /** What the step itself says that it read. */
  readonly bytesRead: number;
}

/** Every method of the model by name: the presets, and what stands in none of them. */
export type CudaCalls = Readonly<Record<string, CudaCall>>;

/** Numbers of keys whose calls test/simt/cuda-calls.json has: what is counted grows as a line between and beyond. */
export const countedKeys = [2048, 4096] as const;

/** Counts a step of each method over `nKv` Gaussian keys, with its index already built. */
export function countCalls(nKv: number): CudaCalls {
  const folder = mkdtempSync(join(tmpdir(), 'sparsetune-calls-'));
  try {
    const entries = Object.entries(configs(folder)).map(([name, config]) => [
      name,
      countCall(config, nKv),
    ]);
    return Object.fromEntries(entries) as CudaCalls;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function configs(folder: string): Readonly<Record<string, SparseConfig>> {
  const { headDim } = shape;
  const windows = getPreset('streaming_llm').defaultConfig.maskers;
  const chain = (kind: string, options: object): SparseConfig => ({
    maskers: [...windows, { kind, ...maskerOf(kind)?.defaultConfig, ...options }],
  });
  const presets = listPresets().map(({ name, defaultConfig }) => [name, defaultConfig]);
  const hash = hashTensors(hashOf(1, headDim, [headDim, 32]));
  return {
    ...(Object.fromEntries(presets) as Record<string, SparseConfig>),
    'top_k, int8 scores': chain('top_k', { scoreDtype: 'int8' }),
    double_sparsity: chain('double_sparsity', {
      sortedChannelFile: writeChannels(folder, [ordersOf(1, headDim)]),
    }),
    'hash_top_k, 32 bits': chain('hash_top_k', { hatWeightFile: writeSafetensors(folder, hash) }),
  };
}

function countCall(config: SparseConfig, nKv: number): CudaCall {
  const { groupSize, headDim } = shape;
  const kv = new KvCache({ nKvHeads: 1, headDim, dtype: 'f16', capacity: nKv, device: 'cuda' });
  kv.append(normals(nKv * headDim, 1), normals(nKv * headDim, 2));
  const attention = new SparseAttention(config, { nQHeads: groupSize, device: 'cuda' });
  const forward = (seed: number) => attention.forward(normals(groupSize * headDim, seed), kv);
  forward(0);
  const endLog = logDevice();
  const results = Array.from({ length: nQueries }, (_, i) => forward(3 + i));
  const work = endLog();
  kv.dispose();
  const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / nQueries;
  return {
    launches: work.length / nQueries,
    bytes: Math.round(mean(work.map(({ bytes }) => bytes))),
    keys: Math.round(nKv * mean(results.map(({ density }) => density))),
    bytesRead: Math.round(mean(results.map(({ bytesRead }) => bytesRead))),
  };
}
