import { bench } from '../bench.js';
import { run } from '../run.js';
import { tune } from '../tune.js';
import type { CliContext } from './context.js';

/** What commands touch when they run as a program: this process. */
export const processContext: CliContext = {
  out: process.stdout,
  err: process.stderr,
  env: process.env,
  tune,
  bench,
  run,
  onInterrupt(listener) {
    process.on('SIGINT', listener);
    return () => process.off('SIGINT', listener);
  },
  exit: (code) => process.exit(code),
};
