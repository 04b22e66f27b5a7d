import type { SearchSpace } from '../space/search-space.js';
import { importTrials } from './import-trials.js';
import type { Objective } from './objective.js';
import type { StudyRecord } from './storage.js';
import type { StudyOptions } from './study-options.js';

/** What a new study knows before its first trial: imported trials, and configurations that are good elsewhere. */
export function startingPoint(
  { imports = [], warmStart = [], scheduler, isFeasible = () => true }: StudyOptions,
  space: SearchSpace,
  objective: Objective,
): readonly StudyRecord[] {
  const records: StudyRecord[] = [];
  if (imports.length > 0)
    records.push(importTrials(imports, { space, objective, rungs: scheduler.rungs, isFeasible }));
  const adapted = warmStart
    .map((params) => space.adapt(params))
    .filter((params) => params !== undefined)
    .filter(isFeasible);
  const params = [...new Map(adapted.map((one) => [space.key(one), one])).values()];
  if (params.length > 0) records.push({ kind: 'enqueue', params, prior: true });
  return records;
}
