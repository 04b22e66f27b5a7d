import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CommandModule } from 'yargs';
import { rejectRange, SparseTuneError } from '../errors.js';
import { usableThreads } from '../threads.js';
import { type CliContext, print } from './context.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const built = join(root, 'build/cmake/Release/sparsetune.node');
const isWindows = process.platform === 'win32';

/** `sparsetune build`: compiles the native addon out of the sources that the package carries. */
export function buildCommand(context: CliContext): CommandModule<object, { jobs: number }> {
  return {
    command: 'build',
    describe: 'compile the native addon, where no prebuilt one fits this machine',
    builder: (yargs) =>
      yargs.options({
        jobs: {
          type: 'number',
          default: usableThreads().threads,
          describe: 'compilers at a time',
        },
      }) as never,
    handler: async ({ jobs }) => {
      if (!(Number.isInteger(jobs) && jobs >= 1)) rejectRange('jobs', 'an integer >= 1', jobs);
      checkSources();
      const cmakeJs = findBuildTools(createRequire(import.meta.url).resolve);
      checkToolchain(context.env);
      compile(cmakeJs, jobs, context.env);
      print(context, [`Built ${built}`]);
    },
  };
}

function checkSources(): void {
  for (const path of ['CMakeLists.txt', 'native', '.deps/llama/include/llama.h']) {
    if (existsSync(join(root, path))) continue;
    throw failure(`${root} has no ${path}. In a checkout "npm run setup" brings it.`);
  }
}

/**
 * The program of cmake-js, which is no dependency: few need it, and it is large.
 *
 * @param resolve - the file of a module, or an error where the module is missing
 */
export function findBuildTools(resolve: (module: string) => string): string {
  try {
    resolve('node-addon-api');
    return resolve('cmake-js/bin/cmake-js');
  } catch (cause) {
    const { peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      peerDependencies: Record<string, string>;
    };
    const wanted = Object.entries(peerDependencies).map(([name, range]) => `"${name}@${range}"`);
    throw failure(
      `Building needs cmake-js and node-addon-api beside sparsetune: npm install ${wanted.join(' ')}`,
      { cause },
    );
  }
}

/** On Windows cmake finds the compiler, and says so where there is none. */
function checkToolchain(env: NodeJS.ProcessEnv): void {
  const runs = (command: string) => spawnSync(command, ['--version'], { env }).status === 0;
  const compilers = env['CXX'] ? [env['CXX']] : ['c++', 'g++', 'clang++'];
  const missing = [
    ...(runs('cmake') ? [] : ['CMake 3.20 or newer']),
    ...(isWindows || compilers.some(runs) ? [] : [`a C++17 compiler (${compilers.join(', ')})`]),
  ];
  if (missing.length === 0) return;
  throw failure(
    `Building needs ${missing.join(' and ')}, which PATH does not have. On Debian or Ubuntu: sudo apt-get install cmake make g++`,
  );
}

function compile(cmakeJs: string, jobs: number, env: NodeJS.ProcessEnv): void {
  const args = ['compile', '-O', 'build/cmake', '--parallel', String(jobs), '--log-level', 'error'];
  const options: SpawnSyncOptions = { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] };
  const { status, error } = spawnSync(process.execPath, [cmakeJs, ...args], options);
  if (status === 0 && existsSync(built)) return;
  throw failure('cmake-js did not build the addon; what it printed says why.', { cause: error });
}

function failure(message: string, options?: ErrorOptions): SparseTuneError {
  return new SparseTuneError('ERR_NATIVE_BUILD', message, options);
}
