#!/usr/bin/env node
import { bench } from '../bench.js';
import { run } from '../run.js';
import { tune } from '../tune.js';
import { runCli } from './program.js';

process.exitCode = await runCli(process.argv.slice(2), {
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
});
