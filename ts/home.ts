import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * The folder that keeps models, data sets, snapshots, studies and winners: `home` if given, else `SPARSETUNE_HOME`,
 * else `sparsetune` in the user's cache folder (`XDG_CACHE_HOME` first, then the system's own place).
 */
export function resolveHome(
  home?: string,
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const named = home ?? env['SPARSETUNE_HOME'];
  if (named !== undefined && named !== '') return resolve(named);
  const xdg = env['XDG_CACHE_HOME'];
  if (xdg !== undefined && xdg !== '') return join(xdg, 'sparsetune');
  return systemCache(env, platform);
}

function systemCache(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'sparsetune');
  if (platform === 'win32') {
    return join(env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'), 'sparsetune', 'Cache');
  }
  return join(homedir(), '.cache', 'sparsetune');
}

/** The folders below a home, each made by whoever writes to it first. */
export function homeFolders(home: string): {
  models: string;
  datasets: string;
  snapshots: string;
  studies: string;
  winners: string;
} {
  return {
    models: join(home, 'models'),
    datasets: join(home, 'datasets'),
    snapshots: join(home, 'snapshots'),
    studies: join(home, 'studies'),
    winners: join(home, 'winners'),
  };
}
