// What both builds need of CUDA, one word an argument: node native/cuda/nvcc.mjs KIND
//
//   has      1 where the kernels are to be built, else 0
//   nvcc     the compiler        lib      the static runtime
//   flags    how to compile a kernel       sources  the kernels
//
// SPARSETUNE_CUDA=auto builds them where nvcc is found, `on` fails where it is not, `off` does not look.
// It is looked for in SPARSETUNE_NVCC, .deps/cuda (npm run setup:cuda), CUDACXX, CUDA_PATH, CUDA_HOME, the
// toolkit's own folder and the PATH. SPARSETUNE_CUDA_ARCHS=80,90 says for which GPUs; the last one's code in
// PTX serves those that come after it.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const isWindows = process.platform === 'win32';
const executable = isWindows ? 'nvcc.exe' : 'nvcc';
const runtime = isWindows ? 'cudart_static.lib' : 'libcudart_static.a';
const env = process.env;

/** Folders of the runtime below that of the toolkit: of an installed one, of pip's wheels, of Windows. */
const libraryFolders = [
  'lib64',
  'lib',
  'lib/x64',
  'targets/x86_64-linux/lib',
  'targets/sbsa-linux/lib',
];

export class CudaError extends Error {}

/** The compiler and its static runtime, or undefined where CUDA is off or, with `auto`, not found. */
export function findCuda(mode = env.SPARSETUNE_CUDA || 'auto') {
  if (!['auto', 'on', 'off'].includes(mode)) {
    throw new CudaError(`SPARSETUNE_CUDA is auto, on or off, not "${mode}"`);
  }
  if (mode === 'off') return undefined;
  const found = process.platform === 'darwin' ? undefined : candidates().map(inspect).find(Boolean);
  if (found === undefined && mode === 'on') {
    throw new CudaError(
      'SPARSETUNE_CUDA=on, but no nvcc was found: run "npm run setup:cuda" or set SPARSETUNE_NVCC',
    );
  }
  return found;
}

function candidates() {
  const bins = [env.CUDA_PATH, env.CUDA_HOME].filter(Boolean).map((path) => join(path, 'bin'));
  const folders = [...bins, '/usr/local/cuda/bin', ...(env.PATH ?? '').split(delimiter)];
  return [
    env.SPARSETUNE_NVCC,
    join(root, '.deps/cuda/nvidia/cu13/bin', executable),
    env.CUDACXX,
    ...folders.map((folder) => join(folder, executable)),
  ].filter(Boolean);
}

function inspect(path) {
  if (!existsSync(path)) return undefined;
  const nvcc = realpathSync(path);
  const { status, stdout } = spawnSync(nvcc, ['--version'], { encoding: 'utf8' });
  const version = /release (\d+)\.(\d+)/.exec(stdout ?? '');
  const toolkit = dirname(dirname(nvcc));
  const library = libraryFolders
    .map((folder) => join(toolkit, folder, runtime))
    .find((file) => existsSync(file));
  if (status !== 0 || version === null || library === undefined) return undefined;
  return { nvcc, library, major: Number(version[1]), version: `${version[1]}.${version[2]}` };
}

/** How to compile one source; `-c SOURCE -o OBJECT` is still to be added. */
export function nvccFlags(cuda, archs = (env.SPARSETUNE_CUDA_ARCHS || '80').split(/[ ,;]+/)) {
  const host = isWindows ? ['-Xcompiler=/MD'] : ['-Xcompiler=-fPIC,-fvisibility=hidden,-Wall'];
  const last = archs.at(-1);
  return [
    '-std=c++17',
    '-O3',
    `-I${join(root, 'native')}`,
    ...host,
    ...archs.map((arch) => `-gencode=arch=compute_${arch},code=sm_${arch}`),
    `-gencode=arch=compute_${last},code=compute_${last}`,
    ...(cuda.major >= 13 ? ['--compress-mode=size'] : []),
  ];
}

export function cudaSources() {
  const names = readdirSync(join(root, 'native/cuda')).filter((name) => name.endsWith('.cu'));
  return names.sort().map((name) => `native/cuda/${name}`);
}

function answer(kind) {
  const cuda = findCuda();
  if (kind === 'has') return cuda === undefined ? '0' : '1';
  if (cuda === undefined) return '';
  if (kind === 'nvcc') return cuda.nvcc;
  if (kind === 'lib') return cuda.library;
  if (kind === 'flags') return nvccFlags(cuda).join(' ');
  if (kind === 'sources') return cudaSources().join(' ');
  throw new CudaError(`unknown: ${kind}`);
}

if (
  process.argv[1] !== undefined &&
  realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)
) {
  try {
    process.stdout.write(`${answer(process.argv[2])}\n`);
  } catch (error) {
    if (!(error instanceof CudaError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
