import type { TuneOptions } from '../tune.js';
import type { TuneEvent } from '../tune-events.js';
import { type CliContext, type ExitCode, exitCodes } from './context.js';
import { makeReporter, type Reporter, type ReporterKind } from './reporter.js';

export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
}

/**
 * Runs `tune` with its events shown. The first Ctrl-C lets the running batch end and be saved, the second ends
 * the process.
 */
export async function runTune(
  options: TuneOptions,
  output: OutputOptions,
  context: CliContext,
): Promise<ExitCode> {
  const reporter = makeReporter(reporterKind(output, context), context);
  const controller = new AbortController();
  let study: string | undefined;
  const onEvent = (event: TuneEvent) => {
    if (event.event === 'study') study = event.name;
    reporter.event(event);
  };
  const stopListening = listen(controller, reporter, context);
  try {
    const results = await context.tune({ ...options, signal: controller.signal, onEvent });
    const isFound = results.every(({ winner, front }) => (winner ?? front) !== undefined);
    return isFound ? exitCodes.done : exitCodes.failed;
  } catch (error) {
    if (error !== controller.signal.reason) throw error;
    reporter.close();
    context.err.write(`${howToResume(study, options)}\n`);
    return exitCodes.interrupted;
  } finally {
    stopListening();
    reporter.close();
  }
}

/** How a command shows its events. */
export function reporterKind(
  { json, quiet }: OutputOptions,
  { out, env }: CliContext,
): ReporterKind {
  if (json) return 'json';
  if (quiet) return 'quiet';
  const isTerminal = out.isTTY === true && env['TERM'] !== 'dumb' && env['CI'] === undefined;
  return isTerminal ? 'live' : 'lines';
}

/** Lets the first Ctrl-C stop a job after its running batch and the second end the process. */
export function listen(
  controller: AbortController,
  reporter: Pick<Reporter, 'event' | 'close'>,
  context: CliContext,
): () => void {
  return context.onInterrupt(() => {
    if (controller.signal.aborted) {
      reporter.close();
      context.exit(exitCodes.interrupted);
      return;
    }
    controller.abort();
    reporter.event({
      event: 'warning',
      message: 'stopping after the running batch; Ctrl-C again stops at once',
    });
  });
}

function howToResume(study: string | undefined, { home }: TuneOptions): string {
  const where = home === undefined ? '' : ` --home ${JSON.stringify(home)}`;
  return study === undefined
    ? 'Stopped before the search began. Run the same command again: what was prefilled is kept.'
    : `Stopped; everything up to the last batch is saved. Go on with: sparsetune study resume ${study}${where}`;
}
