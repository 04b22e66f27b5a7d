import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { resolveTask } from '../../ts/tasks/registry.js';
import { splits, type Task, type TaskContext } from '../../ts/tasks/task.js';
import { temporaryFolder } from './folder.js';
import { toyTools } from './toy-tokenizer.js';

/** A folder with files, by their paths in it. */
export async function dataFolder(
  t: ExecutionContext,
  files: Readonly<Record<string, string | Buffer>>,
): Promise<string> {
  const folder = await temporaryFolder(t);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

/** A task over the files of a folder, found and ready. */
export async function taskOver(id: string, data: string): Promise<Task> {
  const task = resolveTask(id, { data });
  await task.prepare?.();
  return task;
}

/** The contexts of all splits, in the order of the rows. */
export async function contextsOf(task: Task): Promise<TaskContext[]> {
  const all: TaskContext[] = [];
  for (const split of splits) all.push(...(await task.contexts(split, toyTools())));
  const place = ({ id }: TaskContext) => Number(id.split('/')[1]);
  return all.sort((a, b) => place(a) - place(b));
}

/** So many copies of a row, each with a context of its own; the first is as it was given. */
export function withContexts<T extends object>(row: T, column: keyof T & string, count = 3): T[] {
  return Array.from({ length: count }, (_, i) =>
    i === 0 ? row : { ...row, [column]: `${String(row[column])} ${i}` },
  );
}
