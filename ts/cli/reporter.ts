import type { TuneEvent } from '../tune-events.js';
import { logLines, startLines } from './view/lines.js';
import { liveLines } from './view/live.js';
import { frontLines, noWinnerLines, winnerLines } from './view/result.js';
import { Screen, type TerminalStream } from './view/screen.js';
import { initialState, reduce, type TuneState } from './view/state.js';

/** Shows the events of a run; `close` before anything else is printed. */
export interface Reporter {
  event(event: TuneEvent): void;
  close(): void;
}

export type ReporterKind = 'live' | 'lines' | 'json' | 'quiet';

export interface ReporterStreams {
  readonly out: TerminalStream;
  /** Warnings, where they would spoil what is written to `out`. */
  readonly err: TerminalStream;
}

export function makeReporter(kind: ReporterKind, streams: ReporterStreams): Reporter {
  switch (kind) {
    case 'live':
      return new LiveReporter(streams.out);
    case 'lines':
      return new LinesReporter(streams, logLines);
    case 'json':
      return { event: (event) => writeLines(streams.out, [JSON.stringify(event)]), close() {} };
    case 'quiet':
      return new LinesReporter(streams, resultLines);
  }
}

/** One line after the other: everything, or the results alone. */
class LinesReporter implements Reporter {
  readonly #streams: ReporterStreams;
  readonly #linesOf: typeof logLines;
  #state = initialState;

  constructor(streams: ReporterStreams, linesOf: typeof logLines) {
    this.#streams = streams;
    this.#linesOf = linesOf;
  }

  event(event: TuneEvent): void {
    if (event.event === 'warning') writeLines(this.#streams.err, [`warning: ${event.message}`]);
    writeLines(this.#streams.out, this.#linesOf(event, this.#state));
    this.#state = reduce(this.#state, event);
  }

  close(): void {}
}

/** A block that is redrawn; warnings and results stay above it. */
class LiveReporter implements Reporter {
  static readonly redrawMs = 100;
  readonly #screen: Screen;
  readonly #timer: NodeJS.Timeout;
  #state = initialState;
  #phaseStart = performance.now();

  constructor(out: TerminalStream) {
    this.#screen = new Screen(out);
    this.#timer = setInterval(() => this.#draw(), LiveReporter.redrawMs);
    this.#timer.unref();
  }

  event(event: TuneEvent): void {
    if (event.event === 'phase') this.#phaseStart = performance.now();
    if (event.event === 'warning') this.#screen.print([`warning: ${event.message}`]);
    this.#screen.print(startLines(event));
    this.#screen.print(resultLines(event, this.#state));
    this.#state = reduce(this.#state, event);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#screen.erase();
  }

  #draw(): void {
    const elapsedMs = performance.now() - this.#phaseStart;
    this.#screen.draw(liveLines(this.#state, this.#screen.width, elapsedMs));
  }
}

function resultLines(event: TuneEvent, before: TuneState): string[] {
  if (event.event === 'winner') return [...winnerLines(event), ''];
  if (event.event === 'front') return [...frontLines(event), ''];
  if (event.event === 'no-winner') return [...noWinnerLines(event, before.rows), ''];
  return [];
}

function writeLines(stream: TerminalStream, lines: readonly string[]): void {
  if (lines.length > 0) stream.write(`${lines.join('\n')}\n`);
}
