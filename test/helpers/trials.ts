import type { Trial } from '../../ts/search/trial.js';

/** A trial whose results at successive rungs are given; `failed` ends it on the way to the next. */
export function trialOf(
  number: number,
  values: readonly number[],
  {
    rungs = [1, 3, 9],
    failed = false,
    running = false,
    violation = 0,
    params = { x: number },
  }: {
    rungs?: readonly number[];
    failed?: boolean;
    running?: boolean;
    violation?: number;
    params?: Trial['params'];
  } = {},
): Trial {
  const results = values.map((value, k) => ({
    resource: rungs[k] ?? 0,
    metrics: { value },
    value,
    violation,
    order: number * rungs.length + k,
  }));
  const isTop = values.length === rungs.length;
  const next = failed || running ? values.length : values.length - 1;
  const state = failed ? 'failed' : running ? 'running' : isTop ? 'complete' : 'pruned';
  return { number, params, state, results, target: rungs[next] ?? 0 };
}
