import type { RunEvent } from '../run.js';
import type { TuneEvent } from '../tune-events.js';
import {
  makeReporter,
  type Reporter,
  type ReporterKind,
  type ReporterStreams,
} from './reporter.js';
import {
  type BenchState,
  benchLogLines,
  benchResultLines,
  initialBenchState,
  liveBenchLines,
  reduceBench,
} from './view/bench.js';
import { Screen, type TerminalStream } from './view/screen.js';

/** Shows the events of `bench` and `run`; `close` before anything else is printed. */
export interface BenchReporter {
  event(event: RunEvent): void;
  close(): void;
}

export function makeBenchReporter(kind: ReporterKind, streams: ReporterStreams): BenchReporter {
  switch (kind) {
    case 'live':
      return new LiveBenchReporter(streams.out);
    case 'lines':
      return new LinesBenchReporter(streams);
    case 'json':
      return {
        event: (event) => writeLines(streams.out, [JSON.stringify(event)]),
        close() {},
      };
    case 'quiet':
      return new QuietBenchReporter(streams);
  }
}

/** One line after the other; the steps that `tune` has as well read as they do there. */
class LinesBenchReporter implements BenchReporter {
  readonly #out: TerminalStream;
  readonly #tune: Reporter;
  #state = initialBenchState;

  constructor(streams: ReporterStreams) {
    this.#out = streams.out;
    this.#tune = makeReporter('lines', streams);
  }

  event(event: RunEvent): void {
    if (isTuneEvent(event)) this.#tune.event(event);
    writeLines(this.#out, benchLogLines(event, this.#state));
    this.#state = reduceBench(this.#state, event);
  }

  close(): void {}
}

/** The results alone. */
class QuietBenchReporter implements BenchReporter {
  readonly #streams: ReporterStreams;

  constructor(streams: ReporterStreams) {
    this.#streams = streams;
  }

  event(event: RunEvent): void {
    if (event.event === 'warning') writeLines(this.#streams.err, [`warning: ${event.message}`]);
    writeLines(this.#streams.out, benchResultLines(event));
  }

  close(): void {}
}

/** A block that is redrawn, first that of `tune` where something is tuned, then the benchmark's own. */
class LiveBenchReporter implements BenchReporter {
  static readonly redrawMs = 100;
  readonly #out: TerminalStream;
  readonly #screen: Screen;
  #tune: Reporter | undefined;
  #timer: NodeJS.Timeout | undefined;
  #state: BenchState = initialBenchState;
  #phaseStart = performance.now();

  constructor(out: TerminalStream) {
    this.#out = out;
    this.#screen = new Screen(out);
    this.#start();
  }

  event(event: RunEvent): void {
    if (event.event === 'tuning' && event.steps.length > 0) this.#hand(benchLogLines(event));
    if (event.event === 'bench-plan' && this.#tune !== undefined) this.#takeBack();
    if (this.#tune !== undefined) {
      if (isTuneEvent(event)) this.#tune.event(event);
      return;
    }
    if (event.event === 'phase') this.#phaseStart = performance.now();
    if (event.event === 'warning') this.#screen.print([`warning: ${event.message}`]);
    if (event.event !== 'answers') this.#screen.print(benchLogLines(event));
    this.#state = reduceBench(this.#state, event);
  }

  close(): void {
    this.#tune?.close();
    this.#stop();
  }

  /** Leaves the screen to the view of `tune`. */
  #hand(lines: readonly string[]): void {
    this.#stop();
    writeLines(this.#out, lines);
    this.#tune = makeReporter('live', { out: this.#out, err: this.#out });
  }

  #takeBack(): void {
    this.#tune?.close();
    this.#tune = undefined;
    this.#start();
  }

  #start(): void {
    this.#timer = setInterval(() => this.#draw(), LiveBenchReporter.redrawMs);
    this.#timer.unref();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#screen.erase();
  }

  #draw(): void {
    const elapsedMs = performance.now() - this.#phaseStart;
    this.#screen.draw(liveBenchLines(this.#state, this.#screen.width, elapsedMs));
  }
}

const benchOnly = ['tuning', 'bench-plan', 'answers', 'cell', 'bench-results'];

function isTuneEvent(event: RunEvent): event is TuneEvent {
  return !benchOnly.includes(event.event);
}

function writeLines(stream: TerminalStream, lines: readonly string[]): void {
  if (lines.length > 0) stream.write(`${lines.join('\n')}\n`);
}
