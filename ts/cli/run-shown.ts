import type { RunEvent } from '../run.js';
import { makeBenchReporter } from './bench-reporter.js';
import { type CliContext, type ExitCode, exitCodes } from './context.js';
import { listen, type OutputOptions, reporterKind } from './run-tune.js';

/** How a job is watched and stopped. */
export interface JobHandles {
  readonly signal: AbortSignal;
  readonly onEvent: (event: RunEvent) => void;
}

/**
 * Runs a benchmark job with its events shown. The first Ctrl-C lets the running batch end and be written, the second
 * ends the process.
 */
export async function runShown(
  output: OutputOptions,
  context: CliContext,
  job: (handles: JobHandles) => Promise<ExitCode>,
): Promise<ExitCode> {
  const reporter = makeBenchReporter(reporterKind(output, context), context);
  const controller = new AbortController();
  let answers: number | undefined;
  const onEvent = (event: RunEvent) => {
    if (event.event === 'bench-plan') answers = 0;
    if (event.event === 'answers') answers = event.overall.done;
    reporter.event(event);
  };
  const stopListening = listen(controller, reporter, context);
  try {
    return await job({ signal: controller.signal, onEvent });
  } catch (error) {
    if (error !== controller.signal.reason) throw error;
    reporter.close();
    context.err.write(`${howToGoOn(answers)}\n`);
    return exitCodes.interrupted;
  } finally {
    stopListening();
    reporter.close();
  }
}

function howToGoOn(answers: number | undefined): string {
  const kept =
    answers === undefined
      ? 'everything up to the last batch is kept'
      : `${answers} answers of this run are on the disk`;
  return `Stopped; ${kept}. Go on with the same command: what is there is not measured again.`;
}
