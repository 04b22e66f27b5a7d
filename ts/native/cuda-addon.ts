/** What the build and the machine can do with CUDA. */
export interface CudaProbe {
  /** The addon has CUDA kernels. */
  readonly built: boolean;
  /** A device is here that they run on. */
  readonly available: boolean;
  /** Why not; empty where available. */
  readonly reason: string;
  /** Name of the first device, where available. */
  readonly device: string;
  /** 1000 * major + 10 * minor; 0: no driver. */
  readonly driver: number;
  readonly runtime: number;
}

/** What native/binding/cuda.cpp exports. */
export interface CudaAddon {
  probeCuda(): CudaProbe;
  /** Why no GPU runs a chain of maskers; empty where one does. */
  whyNotChainOnCuda(config: object): string;
  /** Why no GPU takes heads of this size, or so many query heads a KV head; empty where one does. */
  whyNotHeadsOnCuda(headDim: number, groupSize: number): string;
}
