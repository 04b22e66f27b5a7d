import { rejectArgument, rejectRange, SparseTuneError } from '../errors.js';
import type { JobResult } from './job.js';
import type { Objective } from './objective.js';
import type { StudyRecord } from './storage.js';
import type { Trial } from './trial.js';

export type ResultRecord = Extract<StudyRecord, { kind: 'report' | 'fail' }>;

/**
 * The record of a job's result; a metric that is not finite makes it a failure.
 *
 * @param trials - all trials of the study
 * @throws {TypeError | RangeError} `ERR_ARGUMENT` if the trial is not running, or not to that resource
 * @throws {SparseTuneError} `ERR_OBJECTIVE` if a metric that the objective needs is missing
 */
export function resultRecord(
  result: JobResult,
  trials: readonly Trial[],
  objective: Objective,
): ResultRecord {
  const number = typeof result.trial === 'number' ? result.trial : result.trial.number;
  const trial = trials[number];
  if (trial?.state !== 'running')
    return rejectArgument('trial', 'the number of a running trial', number);
  if ('error' in result)
    return { kind: 'fail', trial: number, to: trial.target, error: String(result.error) };
  const { to } = result;
  if (to !== trial.target)
    return rejectRange('to', `${trial.target}, where trial ${number} is running to,`, to);
  const metrics = Object.fromEntries(
    Object.entries(result.metrics).filter(
      (entry): entry is [string, number] => entry[1] !== undefined,
    ),
  );
  const wrong = Object.entries(metrics).find(([, value]) => !Number.isFinite(value));
  if (wrong !== undefined)
    return { kind: 'fail', trial: number, to, error: `The metric ${wrong[0]} is ${wrong[1]}` };
  const missing = objective.metrics.find((name) => metrics[name] === undefined);
  if (missing !== undefined) {
    throw new SparseTuneError(
      'ERR_OBJECTIVE',
      `Objective ${JSON.stringify(objective.text)} needs the metric ${missing}, which trial ${number} did not report`,
    );
  }
  return { kind: 'report', trial: number, to, metrics, ...objective.evaluate(metrics) };
}
