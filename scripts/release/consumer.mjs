// A user's folder: packages installed from tarballs, by an npm that finds neither a compiler nor Python on its PATH.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { output, readPackage, root, SetupError } from '../setup/process.mjs';
import { execute } from './execute.mjs';

/** All that npm, npx and our command need. */
const commands = ['node', 'npm', 'npx', 'sh'];

/**
 * The environment of a machine with Node and a shell only, and a home folder of its own for sparsetune.
 *
 * @param {string} folder - where the few programs are linked
 * @param {string[]} more - further programs to find
 */
export function bareEnvironment(folder, more = []) {
  const bin = mkdtempSync(join(folder, 'bin-'));
  for (const command of [...commands, ...more]) symlinkSync(find(command), join(bin, command));
  const kept = Object.entries(process.env).filter(([name]) => !/^(SPARSETUNE_|NAPI_)/.test(name));
  return {
    ...Object.fromEntries(kept),
    PATH: bin,
    SPARSETUNE_HOME: join(folder, 'home'),
  };
}

function find(command) {
  const folders = [dirname(process.execPath), ...(process.env.PATH ?? '').split(delimiter)];
  for (const folder of folders) {
    try {
      return realpathSync(join(folder, command));
    } catch (error) {
      if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
    }
  }
  throw new SetupError(`no ${command} on PATH`);
}

/** An empty project; returns its folder. */
export function emptyProject(folder) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  return folder;
}

/**
 * Installs tarballs and what they depend on, out of npm's cache: our own packages are published nowhere yet, and must
 * not be asked for. What the cache lacks is brought there first.
 */
export function installTarballs(folder, tarballs, env) {
  const args = ['install', '--offline', '--no-audit', '--no-fund', '--loglevel=error', ...tarballs];
  const install = () => execute('npm', args, { cwd: folder, env });
  if (install().code === 0 && hasEngine(folder)) return;
  fillCache(emptyProject(join(folder, 'cache-filler')), env);
  const { code, err } = install();
  if (code !== 0) throw new SetupError(`npm ${args.join(' ')}\n${err}`);
}

/** An optional package that npm cannot get is left out without a word: llama.cpp must be there if this checkout has it. */
function hasEngine(folder) {
  const names = Object.keys(readPackage().optionalDependencies);
  const isIn = (parent, name) => existsSync(join(parent, 'node_modules', name));
  return names.every((name) => isIn(folder, name) || !isIn(root, name));
}

function fillCache(folder, env) {
  const { dependencies, optionalDependencies } = readPackage();
  const manifest = { private: true, dependencies, optionalDependencies };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  const { code, err } = execute('npm', ['install', '--loglevel=error'], { cwd: folder, env });
  if (code !== 0) throw new SetupError(`npm could not install what sparsetune depends on:\n${err}`);
}

/** Runs `npx sparsetune ...` in a project, or any other command. */
export function npxSparsetune(folder, args, env) {
  return execute('npx', ['--no-install', 'sparsetune', ...args], { cwd: folder, env });
}

/** Bytes on disk of a folder, in units of its file system's blocks. */
export function bytesOf(folder) {
  const printed = output('du', ['-s', '--block-size=1', folder]);
  if (printed === undefined) throw new SetupError(`du failed in ${folder}`);
  return Number(printed.split('\t')[0]);
}
