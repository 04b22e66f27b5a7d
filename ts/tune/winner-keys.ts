import type { GlobalKey, TaskKey } from '../cache/winner.js';
import { hashJson } from '../space/canonical-json.js';
import type { Task } from '../tasks/task.js';
import type { TunedConfig, TuneRequest } from './options.js';

/** What keys are made of beside the task. */
export interface KeyParts {
  readonly request: TuneRequest;
  readonly config: TunedConfig;
  /** Fingerprint of the model file. */
  readonly modelFingerprint: string;
}

/** The key of a task's own winner. */
export function taskKey(parts: KeyParts, task: Task): TaskKey {
  return {
    ...commonKey(parts),
    task: task.id,
    taskVersion: task.version,
    taskParameters: task.parameters,
  };
}

/** The key of the winner of several tasks; their order does not matter. */
export function globalKey(parts: KeyParts, tasks: readonly Task[]): GlobalKey {
  const { objective, worstTask } = parts.request;
  const sorted = sortTasks(tasks);
  const guard = worstTask === undefined ? '' : `, worst task<=${worstTask}`;
  return {
    ...commonKey(parts),
    objective: `${objective.text}${guard}`,
    tasks: sorted.map(({ id }) => id),
    taskVersions: sorted.map(({ version }) => version),
    taskParameters: sorted.map(({ parameters }) => parameters),
  };
}

/** By id: a global study takes their questions in this order, however the user named them. */
export function sortTasks(tasks: readonly Task[]): readonly Task[] {
  return tasks.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

function commonKey({ request, config, modelFingerprint }: KeyParts) {
  return {
    modelFingerprint,
    kvType: 'f16' as const,
    config: config.preset.name,
    spaceHash: hashJson(config.space),
    objective: request.objective.text,
    schemaVersion: 1 as const,
  };
}
