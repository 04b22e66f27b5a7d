import { cpus } from 'node:os';
import { llamaCpp } from '../engine/llama-library.js';
import { loadAddon } from '../native/addon.js';
import { version } from '../version.js';

/** The machine and the build that times and answers come from. */
export interface Machine {
  readonly sparsetune: string;
  readonly llamaCpp: string;
  readonly cpu: string;
  readonly isa: string;
  readonly threads: number;
}

export function thisMachine(threads: number): Machine {
  return {
    sparsetune: version,
    llamaCpp: `${llamaCpp.release} (node-llama-cpp ${llamaCpp.packageVersion})`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    isa: loadAddon().bestIsa,
    threads,
  };
}
