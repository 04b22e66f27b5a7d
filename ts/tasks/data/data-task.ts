import { setImmediate as nextTurn } from 'node:timers/promises';
import { resolveHome } from '../../home.js';
import type { Split, Task, TaskAbout, TaskContext, TaskRequest } from '../task.js';
import type { Truncate } from '../truncate.js';
import { type DataFiles, findData, type HubDataSet } from './data-files.js';
import { dealContexts } from './deal.js';
import type { WantedFiles } from './find-files.js';
import { type ContextGroup, groupPrompts, toContext } from './group.js';
import type { DataPrompt } from './prompt.js';
import { readRows } from './read-rows.js';
import type { Row } from './row.js';

/** A task whose prompts are rows of a data set. */
export interface DataTaskSpec {
  readonly benchmark: string;
  /** Undefined where the benchmark is one task. */
  readonly subset: string | undefined;
  /** See Task.version. */
  readonly version: number;
  readonly request: TaskRequest;
  readonly about: TaskAbout;
  readonly sets: readonly HubDataSet[];
  readonly wanted: WantedFiles;
  /** What is kept of a text that is too long, where the user does not say. */
  readonly truncate: Truncate;
  /** The questions of a row. */
  readonly toPrompts: (row: Row) => readonly DataPrompt[];
  /** See Task; without `score` answers are not compared with anything. */
  readonly scores: Pick<Task, 'upstreamScale' | 'isSettled'> & Partial<Pick<Task, 'score'>>;
}

/**
 * Makes a task of a data set. Its rows are grouped by context in their order, and whole contexts are dealt to the
 * splits. With `@L` longer contexts are cut.
 */
export function dataTask(spec: DataTaskSpec): Task {
  const { benchmark, subset, version, request, about, scores } = spec;
  const { length, promptStyle = 'auto', truncate = spec.truncate } = request;
  const name = subset === undefined ? benchmark : `${benchmark}/${subset}`;
  const cut = length === undefined ? undefined : { length, truncate };
  const isGraded = scores.score !== undefined;
  const data = new DataContexts(name, spec);
  return {
    id: length === undefined ? name : `${name}@${length}`,
    version,
    get parameters() {
      return { ...cut, promptStyle, data: data.origin };
    },
    promptStyle,
    about,
    prepare: (signal, onProgress) => data.find({ signal, onProgress }).then(() => undefined),
    contexts: async (split) => {
      const contexts: TaskContext[] = [];
      for (const group of await data.groups(split)) {
        await nextTurn();
        contexts.push(toContext(group, { split, cut, isGraded }));
      }
      return contexts;
    },
    score: () => 0, // not asked: no question has references
    ...scores,
  };
}

/** The contexts of a data set, found and read when they are first needed. */
class DataContexts {
  readonly #name: string;
  readonly #spec: DataTaskSpec;
  #files: DataFiles | undefined;
  #groups: Promise<readonly ContextGroup[]> | undefined;

  constructor(name: string, spec: DataTaskSpec) {
    this.#name = name;
    this.#spec = spec;
  }

  /** What names the content, or where it will come from as long as it is not found. */
  get origin(): string {
    const { sets, request } = this.#spec;
    return this.#files?.origin ?? (request.data === undefined ? (sets[0]?.repo ?? '') : 'folder');
  }

  async find(options: Parameters<typeof findData>[1]): Promise<DataFiles> {
    const { benchmark, wanted, sets, request } = this.#spec;
    const home = resolveHome(request.home);
    const asked = { benchmark, wanted, sets, folder: request.data, home };
    this.#files ??= await findData(asked, options);
    return this.#files;
  }

  async groups(split: Split): Promise<readonly ContextGroup[]> {
    this.#groups ??= this.#read().catch((error: unknown) => {
      this.#groups = undefined; // the next call tries again
      throw error;
    });
    const groups = await this.#groups;
    const dealt = dealContexts(
      groups.map(({ text }) => text),
      this.#name,
    );
    return dealt[split].map((index) => groups[index] as ContextGroup);
  }

  async #read(): Promise<readonly ContextGroup[]> {
    const { paths } = await this.find({});
    const prompts: DataPrompt[] = [];
    for (const path of paths) {
      for (const row of await readRows(path)) prompts.push(...this.#spec.toPrompts(row));
    }
    return groupPrompts(prompts);
  }
}
