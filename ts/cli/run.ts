import type { CommandModule } from 'yargs';
import { type BenchArguments, benchOptions, benchOptionsOf, configNames } from './bench-options.js';
import { type CliContext, type ExitCode, exitCodes, UsageError } from './context.js';
import { defined, type LimitArguments, limitOptions, limitsOf } from './options.js';
import { runShown } from './run-shown.js';

interface RunArguments extends BenchArguments, LimitArguments {
  warmStart: boolean;
  force: boolean;
}

/** `sparsetune run`: tune what has no winner yet, then bench. */
export function runCommand(
  context: CliContext,
  finish: (code: ExitCode) => void,
): CommandModule<object, RunArguments> {
  return {
    command: 'run',
    describe: 'tune the configs that have no winner yet, then bench all',
    builder: (yargs) =>
      yargs
        .options({
          ...benchOptions,
          objective: {
            type: 'string',
            describe: 'what a search minimises [default: "kl s.t. density<=0.1"]',
          },
          ...limitOptions,
          'warm-start': {
            type: 'boolean',
            default: false,
            describe: 'begin searches with what won on other tasks, models and objectives',
          },
          force: {
            type: 'boolean',
            default: false,
            describe: 'search again even if a winner is stored',
          },
        })
        .epilogue(`Configs: ${configNames()}`)
        .example(
          '$0 run --model smollm2 --task niah_mq8@512 --config dense,hash_attention,magic_pig',
          '',
        ) as never,
    handler: async (args) => {
      if (args.json && args.quiet) throw new UsageError('Give --json or --quiet, not both.');
      const options = {
        ...benchOptionsOf(args),
        ...defined(limitsOf(args)),
        ...defined({
          warmStart: args.warmStart ? true : undefined,
          force: args.force ? true : undefined,
        }),
      };
      finish(
        await runShown(args, context, async ({ signal, onEvent }) => {
          const { cells, plan, failures } = await context.run({ ...options, signal, onEvent });
          const hasError = [...cells, ...plan.cells].some(({ error }) => error !== undefined);
          return hasError || failures.length > 0 ? exitCodes.failed : exitCodes.done;
        }),
      );
    },
  };
}
