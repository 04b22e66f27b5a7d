// npm packages exactly as the lock file names them.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, step } from './process.mjs';

export function installNpmPackages() {
  if (isInstalled()) return;
  step('npm packages: npm ci');
  run('npm', ['ci', '--include=dev', '--include=optional', '--loglevel=error']);
}

/** True where npm's own record of node_modules agrees with the lock file. */
function isInstalled() {
  const record = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = packagesOf(record);
  const wanted = packagesOf(join(root, 'package-lock.json'));
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const found = installed[path];
    return found === undefined ? entry.optional === true : found.version === entry.version;
  });
}

function packagesOf(path) {
  return JSON.parse(readFileSync(path, 'utf8')).packages;
}
