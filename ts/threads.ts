import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';

/** How many threads this process may keep busy, and what sets the limit. */
export interface UsableThreads {
  readonly threads: number;
  /** Cores the scheduler may put it on. */
  readonly cores: number;
  /** Cores' worth of time that its control group allows, where it has a limit. */
  readonly quota?: number;
}

export type ReadFile = (path: string) => string | undefined;

/**
 * Threads this process may really use: its CPU affinity, and on Linux the CPU quota of its control group and those
 * above it (version 2 or 1). At least 1.
 */
export function usableThreads(
  cores: number = availableParallelism(),
  read: ReadFile = readIfThere,
  platform: NodeJS.Platform = process.platform,
): UsableThreads {
  const quota = platform === 'linux' ? cgroupQuota(read) : undefined;
  if (quota === undefined) return { threads: cores, cores };
  return { threads: Math.max(1, Math.min(cores, Math.floor(quota))), cores, quota };
}

let ofProcess: number | undefined;

/** As `usableThreads`, but asked once: for defaults of calls that take microseconds. */
export function threadsOfProcess(): number {
  ofProcess ??= usableThreads().threads;
  return ofProcess;
}

/** The smallest quota from our group up to the root, in cores. */
function cgroupQuota(read: ReadFile): number | undefined {
  const groups = (read('/proc/self/cgroup') ?? '').split('\n').map((line) => line.split(':'));
  const quotas = groups.flatMap(([, controllers, path]) => {
    if (path === undefined) return [];
    if (controllers === '')
      return walkUp('/sys/fs/cgroup', path, (folder) => quotaV2(folder, read));
    if (!controllers?.split(',').includes('cpu')) return [];
    return walkUp('/sys/fs/cgroup/cpu', path, (folder) => quotaV1(folder, read));
  });
  return quotas.length === 0 ? undefined : Math.min(...quotas);
}

function walkUp(
  mount: string,
  path: string,
  quotaOf: (folder: string) => number | undefined,
): number[] {
  const quotas: number[] = [];
  for (let at = path; ; at = dirname(at)) {
    const quota = quotaOf(join(mount, at));
    if (quota !== undefined) quotas.push(quota);
    if (at === '/' || at === '.' || at === '') return quotas;
  }
}

/** `cpu.max`: `max 100000` or `150000 100000`. */
function quotaV2(folder: string, read: ReadFile): number | undefined {
  const [quota, period] = (read(join(folder, 'cpu.max')) ?? '').trim().split(' ').map(Number);
  return ratio(quota, period);
}

function quotaV1(folder: string, read: ReadFile): number | undefined {
  return ratio(
    Number(read(join(folder, 'cpu.cfs_quota_us'))),
    Number(read(join(folder, 'cpu.cfs_period_us'))),
  );
}

function ratio(quota: number | undefined, period: number | undefined): number | undefined {
  const isLimit = quota !== undefined && period !== undefined && quota > 0 && period > 0;
  return isLimit ? quota / period : undefined;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // not Linux, or no such controller: no limit from it
  }
}
