import yargs, { type Argv } from 'yargs';
import { errorCode } from '../files.js';
import { version } from '../version.js';
import { benchCommand } from './bench.js';
import { buildCommand } from './build.js';
import { cacheCommand } from './cache.js';
import { type CliContext, type ExitCode, exitCodes, UsageError } from './context.js';
import { doctorCommand } from './doctor.js';
import { microCommand } from './micro.js';
import { runCommand } from './run.js';
import { studyCommand } from './study.js';
import { taskCommand } from './task.js';
import { tuneCommand } from './tune.js';

/** Codes of errors that the command line caused. */
const usageCodes = new Set([
  'ERR_ARGUMENT',
  'ERR_CONFIG',
  'ERR_OBJECTIVE',
  'ERR_SEARCH_SPACE',
  'ERR_TASK',
]);

/** Runs one command line and says with which code to exit; never throws, prints every error as one message. */
export async function runCli(args: readonly string[], context: CliContext): Promise<ExitCode> {
  let code: ExitCode = exitCodes.done;
  const finish = (result: ExitCode) => {
    code = result;
  };
  try {
    const program = makeProgram(context, finish);
    await program.parseAsync([...args], {}, (error, _argv, output) => {
      // yargs hands over help, version and its own errors here; the errors are thrown as well.
      if (output !== '' && !error) context.out.write(`${output}\n`);
    });
    return code;
  } catch (error) {
    return report(error, args, context);
  }
}

function makeProgram(context: CliContext, finish: (code: ExitCode) => void): Argv {
  return yargs()
    .scriptName('sparsetune')
    .usage(
      '$0 <command>\n\nFinds the best sparse-attention settings for a long-context language model.',
    )
    .command(tuneCommand(context, finish))
    .command(benchCommand(context, finish))
    .command(runCommand(context, finish))
    .command(cacheCommand(context, finish))
    .command(studyCommand(context, finish))
    .command(taskCommand(context))
    .command(microCommand(context))
    .command(doctorCommand(context, finish))
    .command(buildCommand(context))
    .demandCommand(1, 'Name a command.')
    .recommendCommands()
    .strict()
    .version(version)
    .help()
    .alias('help', 'h')
    .wrap(Math.min(100, context.out.columns ?? 100))
    .exitProcess(false)
    .showHelpOnFail(false)
    .fail((message, error) => {
      throw error ?? new UsageError(message);
    });
}

function report(error: unknown, args: readonly string[], context: CliContext): ExitCode {
  const code = errorCode(error);
  const isUsage = error instanceof UsageError || (code !== undefined && usageCodes.has(code));
  const message = error instanceof Error ? error.message : String(error);
  if (args.includes('--json')) {
    context.out.write(
      `${JSON.stringify({ event: 'error', code: code ?? 'ERR_UNKNOWN', message })}\n`,
    );
  }
  context.err.write(`sparsetune: ${message}\n`);
  if (error instanceof UsageError) context.err.write('See "sparsetune --help".\n');
  const isUnforeseen = code === undefined && !isUsage;
  if (isUnforeseen && error instanceof Error && context.env['SPARSETUNE_DEBUG'] !== undefined) {
    context.err.write(`${error.stack}\n`);
  } else if (isUnforeseen) {
    context.err.write('This was not foreseen. SPARSETUNE_DEBUG=1 shows where it happened.\n');
  }
  return isUsage ? exitCodes.usage : exitCodes.failed;
}
