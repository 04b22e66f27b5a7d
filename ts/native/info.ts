import { loadAddon } from './addon.js';
import type { Isa } from './isa.js';

/** What this build can use on this machine. */
export interface Info {
  /** The best instruction set of this CPU that kernels are built for. */
  readonly isa: Isa;
  /** The addon was built with CUDA kernels. */
  readonly cudaBuilt: boolean;
  /** A GPU is here that they run on. */
  readonly cudaAvailable: boolean;
  /** Why `cudaAvailable` is false; absent where it is true. */
  readonly cudaReason?: string;
  /** Name of the GPU. */
  readonly cudaDevice?: string;
}

/**
 * Tells what this build can use on this machine; needs neither a GPU nor its driver.
 *
 * @throws {NativeLoadError} `ERR_NATIVE_LOAD` where the addon cannot be loaded
 *
 * @example
 * const { cudaAvailable, cudaReason } = info();
 * if (!cudaAvailable) console.log(cudaReason);
 */
export function info(): Info {
  const { bestIsa, probeCuda } = loadAddon();
  const { built, available, reason, device } = probeCuda();
  return {
    isa: bestIsa,
    cudaBuilt: built,
    cudaAvailable: available,
    ...(available ? { cudaDevice: device } : { cudaReason: reason }),
  };
}
