import type { CommandModule } from 'yargs';
import { type BenchArguments, benchOptions, benchOptionsOf, configNames } from './bench-options.js';
import { type CliContext, type ExitCode, exitCodes, UsageError } from './context.js';
import { runShown } from './run-shown.js';

/** `sparsetune bench`: configs on tasks with models. */
export function benchCommand(
  context: CliContext,
  finish: (code: ExitCode) => void,
): CommandModule<object, BenchArguments> {
  return {
    command: 'bench',
    describe: 'measure configs on the test questions of tasks, beside dense attention',
    builder: (yargs) =>
      yargs
        .options(benchOptions)
        .epilogue(`Configs: ${configNames()}`)
        .example(
          '$0 bench --model smollm2 --task niah_mq8@512,niah_mq8@1024 --config dense,hash_attention,auto',
          '',
        ) as never,
    handler: async (args) => {
      if (args.json && args.quiet) throw new UsageError('Give --json or --quiet, not both.');
      const options = benchOptionsOf(args);
      finish(
        await runShown(args, context, async ({ signal, onEvent }) => {
          const { cells, plan } = await context.bench({ ...options, signal, onEvent });
          const failed = [...cells, ...plan.cells].some(({ error }) => error !== undefined);
          return failed ? exitCodes.failed : exitCodes.done;
        }),
      );
    },
  };
}
