/** Instruction sets of the kernels; of one processor's, the last is the best. */
export const allIsas = ['scalar', 'avx2', 'avx512', 'neon'] as const;

/** An instruction set that a caller can name; without a name the best one of this CPU runs. */
export type Isa = (typeof allIsas)[number];
