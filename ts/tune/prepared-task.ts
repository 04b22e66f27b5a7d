import type { Engine } from '../engine/engine.js';
import type { Split, Task } from '../tasks/task.js';
import type { TuneEvent } from '../tune-events.js';
import {
  type PreparedSplit,
  prepareSplit,
  type RenderedSplit,
  renderSplit,
} from './prepare-split.js';

interface PreparedTaskOptions {
  readonly signal: AbortSignal | undefined;
  readonly emit: (event: TuneEvent) => void;
}

/** A task on a model: its prompts made, prefilled and measured dense once, when they are first needed. */
export class PreparedTask {
  readonly task: Task;
  readonly #engine: Engine;
  readonly #options: PreparedTaskOptions;
  readonly #rendered = new Map<Split, Promise<RenderedSplit>>();
  readonly #splits = new Map<Split, Promise<PreparedSplit>>();

  constructor(task: Task, engine: Engine, options: PreparedTaskOptions) {
    this.task = task;
    this.#engine = engine;
    this.#options = options;
  }

  /** The prompts as tokens. */
  rendered(name: Split): Promise<RenderedSplit> {
    const rendered = this.#rendered.get(name) ?? renderSplit(this.#engine, this.task, name);
    this.#rendered.set(name, rendered);
    return rendered;
  }

  split(name: Split): Promise<PreparedSplit> {
    const split = this.#splits.get(name) ?? this.#prepare(name);
    this.#splits.set(name, split);
    return split;
  }

  async #prepare(name: Split): Promise<PreparedSplit> {
    return prepareSplit(this.#engine, await this.rendered(name), this.#options);
  }
}
