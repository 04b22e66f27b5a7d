import type { CliContext } from '../../ts/cli/context.js';
import { runCli } from '../../ts/cli/program.js';

export interface CliRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const noResult = {
  plan: { resultDir: '', tasks: [], cells: [], estimate: {} },
  cells: [],
  files: [],
};

/** Runs a command line in this process with everything it prints caught. */
export async function runCaught(
  args: readonly string[],
  changes: Partial<CliContext> = {},
): Promise<CliRun> {
  let out = '';
  let err = '';
  const code = await runCli(args, {
    out: { columns: 100, write: (text) => (out += text) },
    err: { write: (text) => (err += text) },
    env: {},
    tune: async () => [],
    bench: async () => noResult,
    run: async () => ({ ...noResult, steps: [], failures: [] }),
    onInterrupt: () => () => {},
    exit: () => {},
    ...changes,
  });
  return { code, out, err };
}
