import { cpus } from 'node:os';
import { describeGpu, llamaCpp } from '../engine/llama-library.js';
import { loadAddon } from '../native/addon.js';
import { version } from '../version.js';

/** The machine and the build that times and answers come from. */
export interface Machine {
  readonly sparsetune: string;
  readonly llamaCpp: string;
  readonly cpu: string;
  readonly isa: string;
  readonly threads: number;
  /** Devices, and how many layers are theirs; left out where the CPU computes all. */
  readonly gpu?: string;
}

/** @throws {NativeLoadError} where there is no GPU for the layers */
export async function thisMachine({
  threads,
  gpuLayers,
}: {
  readonly threads: number;
  readonly gpuLayers: number;
}): Promise<Machine> {
  const gpu = await describeGpu(gpuLayers);
  return {
    sparsetune: version,
    llamaCpp: `${llamaCpp.release} (node-llama-cpp ${llamaCpp.packageVersion})`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    isa: loadAddon().bestIsa,
    threads,
    ...(gpu !== undefined && { gpu }),
  };
}
