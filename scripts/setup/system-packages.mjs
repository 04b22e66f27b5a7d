// What the builds need of the system: installed through apt where we are root on a Debian-like system.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { output, run, SetupError, step } from './process.mjs';

const isWindows = process.platform === 'win32';
const python = isWindows ? 'python' : 'python3';

/** Each need: how to see that it is met, and the Debian packages that meet it. */
const needs = [
  {
    name: 'a C++ compiler',
    debian: ['g++'],
    isMet: () => isWindows || has('c++') || has('g++') || has('clang++'),
  },
  { name: 'make', debian: ['make'], isMet: () => isWindows || has('make') },
  { name: 'cmake 3.20 or newer', debian: ['cmake'], isMet: () => has('cmake') },
  { name: 'git', debian: ['git'], isMet: () => has('git') },
  { name: 'tar', debian: ['tar'], isMet: () => has('tar') },
  { name: 'python 3', debian: ['python3'], isMet: () => has(python) },
  {
    name: 'pip',
    debian: ['python3-pip'],
    isMet: () => output(python, ['-m', 'pip', '--version']) !== undefined,
  },
];

/** Needed by the linters only: they live in a virtual environment. */
const lintNeeds = [
  {
    name: 'python venv',
    debian: ['python3-venv'],
    isMet: () => output(python, ['-c', 'import ensurepip, venv']) !== undefined,
  },
];

/** Needed by the tests on emulated CPUs only. */
const emulatorNeeds = [
  {
    name: 'qemu for single programs (user mode)',
    debian: ['qemu-user'],
    isMet: () => has('qemu-aarch64') && has('qemu-x86_64'),
  },
];

/** Needed by the tests for AArch64 only. */
const arm64Needs = [
  {
    name: 'a C++ compiler for AArch64',
    debian: ['g++-aarch64-linux-gnu'],
    isMet: () => has('aarch64-linux-gnu-g++'),
  },
];

export { python };

export function installSystemPackages({ lint = false, emulators = false, arm64 = false } = {}) {
  const all = [
    ...needs,
    ...(lint ? lintNeeds : []),
    ...(emulators ? emulatorNeeds : []),
    ...(arm64 ? arm64Needs : []),
  ];
  const missing = all.filter((need) => !need.isMet());
  if (missing.length === 0) return;
  const packages = missing.flatMap((need) => need.debian);
  const canInstall = process.getuid?.() === 0 && has('apt-get');
  if (!canInstall) throw new SetupError(explain(missing, packages));
  step(`system packages: ${packages.join(' ')}`);
  const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  run('apt-get', ['update', '-qq'], options);
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options);
  const still = all.filter((need) => !need.isMet());
  if (still.length > 0) throw new SetupError(explain(still, packages));
}

function explain(missing, packages) {
  const names = missing.map((need) => `  - ${need.name}`).join('\n');
  return `this machine lacks:\n${names}\nInstall them and try again; on Debian or Ubuntu: sudo apt-get install ${packages.join(' ')}`;
}

function has(command) {
  const suffixes = isWindows ? ['.exe', '.cmd', '.bat'] : [''];
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.some((folder) =>
    suffixes.some((suffix) => isExecutable(join(folder, command + suffix))),
  );
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
