import type { DownloadProgress } from '../hub/download.js';
import type { Task } from '../tasks/task.js';
import type { PrepareEvent } from '../tune-events.js';

interface PrepareOptions {
  readonly signal: AbortSignal | undefined;
  readonly emit: (event: PrepareEvent) => void;
}

/**
 * Finds the data of tasks, of which some are downloaded: before anything else is spent on them.
 *
 * @throws {SparseTuneError} `ERR_TASK`, `ERR_DATA` with the cure; the signal's reason where it is aborted
 */
export async function prepareTasks(
  tasks: readonly Task[],
  { signal, emit }: PrepareOptions,
): Promise<void> {
  const start = performance.now();
  let file: string | undefined;
  const onProgress = (progress: DownloadProgress) => {
    if (file === undefined) emit({ event: 'phase', phase: 'data' });
    file = progress.file;
    emit({
      event: 'progress',
      phase: 'data',
      done: Math.round(progress.doneBytes / 1e6),
      total: Math.round(progress.totalBytes / 1e6),
      unit: 'MB',
      elapsedMs: performance.now() - start,
    });
  };
  for (const task of tasks) await task.prepare?.(signal, onProgress);
}
