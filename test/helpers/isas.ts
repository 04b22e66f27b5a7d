import { loadAddon } from '../../ts/native/addon.js';
import { allIsas, type Isa } from '../../ts/native/isa.js';

/** The instruction sets this CPU runs, `scalar` first. */
export const isas: readonly Isa[] = allIsas.filter((isa) => loadAddon().supportsIsa(isa));

/** Those that are held against `scalar`. */
export const fastIsas: readonly Isa[] = isas.filter((isa) => isa !== 'scalar');
