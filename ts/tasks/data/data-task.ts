import { setImmediate as nextTurn } from 'node:timers/promises';
import { resolveHome } from '../../home.js';
import type { Task, TaskAbout, TaskContext, TaskRequest } from '../task.js';
import type { Truncate } from '../truncate.js';
import { findData, type HubDataSet } from './data-files.js';
import { DealtContexts } from './dealt-contexts.js';
import type { WantedFiles } from './find-files.js';
import { toContext } from './group.js';
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
  const data = dataContexts(name, spec);
  return {
    id: length === undefined ? name : `${name}@${length}`,
    version,
    get parameters() {
      return { ...cut, promptStyle, data: data.origin };
    },
    promptStyle,
    about: {
      ...about,
      madeFrom: request.data ?? `${spec.sets[0]?.repo} on the Hugging Face hub`,
    },
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

function dataContexts(
  name: string,
  { benchmark, wanted, sets, request, toPrompts }: DataTaskSpec,
): DealtContexts {
  const { data: folder } = request;
  return new DealtContexts({
    name,
    origin: folder === undefined ? (sets[0]?.repo ?? '') : 'folder',
    find: (options) => {
      const home = resolveHome(request.home);
      return findData({ benchmark, wanted, sets, folder, home }, options);
    },
    read: async (paths) => {
      const prompts: DataPrompt[] = [];
      for (const path of paths) {
        for (const row of await readRows(path)) prompts.push(...toPrompts(row));
      }
      return prompts;
    },
  });
}
