import { loadAddon } from '../../ts/native/addon.js';
import type { Isa } from '../../ts/native/isa.js';

const { lshPanels, lshCodes } = loadAddon().kernels;

/** Codes `[n, lshL]` of vectors under planes `[lshL * lshK, headDim]`. */
export function hashed(args: {
  readonly headDim: number;
  readonly vectors: Float32Array;
  readonly planes: Float32Array;
  readonly lshL: number;
  readonly lshK: number;
  readonly isa?: Isa;
}): Uint16Array {
  const { headDim, vectors, lshL } = args;
  const codes = new Uint16Array(Math.floor(vectors.length / headDim) * lshL);
  return lshCodes({ ...args, panels: lshPanels(args), codes });
}
