import type { Split } from '../task.js';
import type { DataFiles, DataOptions } from './data-files.js';
import { dealContexts } from './deal.js';
import { type ContextGroup, groupPrompts } from './group.js';
import type { DataPrompt } from './prompt.js';

/** Where the prompts of a task come from. */
export interface PromptSource {
  /** Name of the task, for errors. */
  readonly name: string;
  /** What stands for the origin as long as the files are not found. */
  readonly origin: string;
  find(options: DataOptions): Promise<DataFiles>;
  /** All prompts, in the order of the files and rows. */
  read(paths: readonly string[]): Promise<DataPrompt[]>;
}

/** The contexts of files, grouped and dealt to the splits; found and read once, when they are first needed. */
export class DealtContexts {
  readonly #source: PromptSource;
  #files: DataFiles | undefined;
  #dealt: Promise<Readonly<Record<Split, readonly ContextGroup[]>>> | undefined;

  constructor(source: PromptSource) {
    this.#source = source;
  }

  /** What names the content of the files, or where they will come from as long as they are not found. */
  get origin(): string {
    return this.#files?.origin ?? this.#source.origin;
  }

  /** @throws {SparseTuneError} `ERR_DATA` where the files are not to be had */
  async find(options: DataOptions = {}): Promise<DataFiles> {
    this.#files ??= await this.#source.find(options);
    return this.#files;
  }

  /** @throws {SparseTuneError} `ERR_DATA` naming what cannot be read, or where there are too few contexts */
  async groups(split: Split): Promise<readonly ContextGroup[]> {
    this.#dealt ??= this.#deal().catch((error: unknown) => {
      this.#dealt = undefined; // the next call tries again
      throw error;
    });
    return (await this.#dealt)[split];
  }

  async #deal(): Promise<Readonly<Record<Split, readonly ContextGroup[]>>> {
    const { paths } = await this.find();
    const groups = groupPrompts(await this.#source.read(paths));
    const texts = groups.map(({ text }) => text);
    const dealt = dealContexts(texts, this.#source.name);
    const of = (split: Split) => dealt[split].map((index) => groups[index] as ContextGroup);
    return { search: of('search'), validation: of('validation'), test: of('test') };
  }
}
