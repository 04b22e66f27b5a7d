import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SparseTuneError } from '../../errors.js';
import { sha256File, withoutByteOrderMark } from '../../files.js';
import type { DataFiles, DataOptions } from '../data/data-files.js';
import { DealtContexts } from '../data/dealt-contexts.js';
import { toContext } from '../data/group.js';
import type { DataPrompt } from '../data/prompt.js';
import { readRows } from '../data/read-rows.js';
import { Row } from '../data/row.js';
import { answerMetric } from '../metrics/registry.js';
import type { Task, TaskContext, TaskQuestion, TaskRequest } from '../task.js';
import { filePrompts, wholePrompt } from './file-row.js';

const rowFiles = ['.jsonl', '.json', '.parquet'];
const known = [...rowFiles, '.txt'];

/**
 * A user's own task: the rows of a file (JSONL, JSON or Parquet), or of all such files and the prompts in all text files
 * of a folder. See docs/tasks.md for the columns.
 *
 * @param path - of the file or folder
 */
export function fileTask(path: string, request: TaskRequest): Task {
  const { length, promptStyle = 'auto', truncate = 'head' } = request;
  const suffix = length === undefined ? '' : `@${length}`;
  const name = `file:${basename(resolve(path))}`;
  const cut = length === undefined ? undefined : { length, truncate };
  const contexts = new DealtContexts({
    name: path,
    origin: 'file',
    find: (options) => findFiles(path, options),
    read: readPrompts,
  });
  return {
    id: `${name}${suffix}`,
    source: `file:${resolve(path)}${suffix}`,
    version: 1,
    get parameters() {
      return { ...cut, promptStyle, data: contexts.origin };
    },
    promptStyle,
    about: {
      measures: `The prompts of ${path}.`,
      metric: 'as each row says; default string_match_part',
    },
    prepare: async (signal) => {
      await contexts.find({ signal });
      await contexts.groups('search');
    },
    contexts: async (split) => {
      const made: TaskContext[] = [];
      for (const group of await contexts.groups(split)) {
        await nextTurn();
        made.push(toContext(group, { split, cut, isGraded: true }));
      }
      return made;
    },
    score,
    // What is found once stays found.
    isSettled: (prediction, question) =>
      /^string_match_/.test(question.metric ?? '') && score(prediction, question) === 1,
  };
}

function score(prediction: string, { metric, references }: TaskQuestion): number {
  return answerMetric(metric ?? '')(prediction, references);
}

async function findFiles(path: string, { signal }: DataOptions): Promise<DataFiles> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new SparseTuneError(
      'ERR_DATA',
      `--task file:${path} cannot be read: ${(cause as Error).message}`,
      { cause },
    );
  });
  const paths = found.isDirectory() ? await filesOf(path) : [path];
  const unknown = paths.find((each) => !known.includes(extname(each)));
  if (unknown !== undefined || paths.length === 0) {
    throw new SparseTuneError(
      'ERR_DATA',
      `--task file:${path} ${unknown === undefined ? 'has no prompts' : 'is no file of prompts'}: use ${known.join(', ')}, or a folder of those.`,
    );
  }
  const hash = createHash('sha256');
  for (const each of paths) hash.update(await sha256File(each, signal));
  return { paths, origin: `sha256:${hash.digest('hex')}` };
}

/** By name, so that the order is the same on every machine. */
async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory() && known.includes(extname(entry.name)))
    .map(({ name }) => name)
    .sort()
    .map((name) => join(folder, name));
}

async function readPrompts(paths: readonly string[]): Promise<DataPrompt[]> {
  const prompts: DataPrompt[] = [];
  for (const path of paths) {
    if (rowFiles.includes(extname(path))) {
      for (const row of await readRows(path)) prompts.push(...filePrompts(row));
    } else {
      const text = withoutByteOrderMark(await readFile(path, 'utf8'));
      prompts.push(wholePrompt(text, new Row({}, basename(path))));
    }
  }
  return prompts;
}
