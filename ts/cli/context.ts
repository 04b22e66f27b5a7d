import type { bench } from '../bench.js';
import type { run } from '../run.js';
import type { tune } from '../tune.js';
import type { TerminalStream } from './view/screen.js';

/** What a command may touch; tests give their own. */
export interface CliContext {
  readonly out: TerminalStream & { readonly isTTY?: boolean };
  readonly err: TerminalStream;
  readonly env: NodeJS.ProcessEnv;
  readonly tune: typeof tune;
  readonly bench: typeof bench;
  readonly run: typeof run;
  /** Calls back at each Ctrl-C until the returned function is called. */
  onInterrupt(listener: () => void): () => void;
  /** Ends the process at once. */
  exit(code: number): void;
}

export const exitCodes = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The command line itself was wrong. */
export class UsageError extends Error {}

export function print(context: CliContext, lines: readonly string[]): void {
  context.out.write(`${lines.join('\n')}\n`);
}

export function warn(context: CliContext, message: string): void {
  context.err.write(`warning: ${message}\n`);
}
