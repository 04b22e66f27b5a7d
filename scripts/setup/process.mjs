// Running other programs, and where this checkout lies.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const isWindows = process.platform === 'win32';

/** An error whose message alone is meant for the user. */
export class SetupError extends Error {}

export function step(text) {
  console.error(`[setup] ${text}`);
}

/** Ends the process; an expected error prints its message only. */
export function fail(error) {
  console.error(error instanceof SetupError ? `[setup] ${error.message}` : error);
  process.exit(1);
}

export function isMain(url) {
  const script = process.argv[1];
  return script !== undefined && realpathSync(script) === realpathSync(fileURLToPath(url));
}

/** Runs a command with its output shown; throws where it fails. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: isWindows && command === 'npm',
    ...options,
  });
  if (error !== undefined || status !== 0) {
    throw new SetupError(
      `failed: ${command} ${args.join(' ')}${error ? ` (${error.message})` : ''}`,
    );
  }
}

/** Output of a command, or undefined where it fails or is missing. */
export function output(command, args, options = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 2 ** 28,
    ...options,
  });
  return result.status === 0 ? result.stdout : undefined;
}

export function loadCompiled(path) {
  return import(pathToFileURL(join(root, 'build/ts', path)).href);
}

export function readPackage() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
}

/** Does `work` only if the content of `inputs` (files or folders) changed since it last succeeded. */
export function onChange({ inputs, extra = '', outputs, stamp }, work) {
  const digest = hashTree(inputs, extra);
  const isDone =
    outputs.every((path) => existsSync(join(root, path))) &&
    existsSync(join(root, stamp)) &&
    readFileSync(join(root, stamp), 'utf8') === digest;
  if (isDone) return;
  work();
  if (existsSync(join(root, dirname(stamp)))) writeFileSync(join(root, stamp), digest);
}

function hashTree(inputs, extra) {
  const hash = createHash('sha256').update(extra);
  for (const input of inputs) {
    for (const path of listFiles(input))
      hash.update(`\n${path}\n`).update(readFileSync(join(root, path)));
  }
  return hash.digest('hex');
}

/** Every file below a path of the checkout, sorted; the path itself if it is a file; none if it is missing. */
export function listFiles(path) {
  const full = join(root, path);
  if (!existsSync(full)) return [];
  let entries;
  try {
    entries = readdirSync(full, { withFileTypes: true });
  } catch (error) {
    if (error.code === 'ENOTDIR') return [path];
    throw error;
  }
  const names = entries.map((entry) => entry.name).sort();
  return names.flatMap((name) => listFiles(`${path}/${name}`));
}
