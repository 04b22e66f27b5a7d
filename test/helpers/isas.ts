import { loadAddon } from '../../ts/native/addon.js';
import type { Isa } from '../../ts/native/attention-addon.js';

const all: readonly Isa[] = ['scalar', 'avx2', 'avx512'];

/** The instruction sets this CPU runs, `scalar` first. */
export const isas: readonly Isa[] = all.filter((isa) => loadAddon().supportsIsa(isa));

/** Those that are held against `scalar`. */
export const fastIsas: readonly Isa[] = isas.filter((isa) => isa !== 'scalar');
