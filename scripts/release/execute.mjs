// Runs a program and keeps what it prints.
import { spawnSync } from 'node:child_process';

/** @returns {{ code: number | null, out: string, err: string }} */
export function execute(command, args, options) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32' && command.startsWith('np'),
    ...options,
  });
  if (error !== undefined) throw error;
  return { code: status, out: stdout, err: stderr };
}
