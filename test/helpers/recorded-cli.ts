// The command line in a process of its own, with a recorded run in place of the engine: arguments as usual.
import { bench } from '../../ts/bench.js';
import { runCli } from '../../ts/cli/program.js';
import { run } from '../../ts/run.js';
import { recordedEvents, replay } from './recorded-tune.js';

process.exitCode = await runCli(process.argv.slice(2), {
  out: process.stdout,
  err: process.stderr,
  env: { TERM: process.env['TERM'] },
  tune: replay(recordedEvents, Number(process.env['PAUSE_MS'] ?? 40)),
  bench,
  run,
  onInterrupt(listener) {
    process.on('SIGINT', listener);
    return () => process.off('SIGINT', listener);
  },
  exit: (code) => process.exit(code),
});
