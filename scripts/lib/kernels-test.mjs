// Builds test/native, which needs neither Node nor its headers, and runs it.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root, run, SetupError } from '../setup/process.mjs';

const execFileAsync = promisify(execFile);

/** Configures and builds below build/`folder` with further options of CMake; returns the executable. */
export function buildKernelsTest(folder, options = []) {
  const build = join(root, 'build', folder);
  const fixed = ['-DSPARSETUNE_NATIVE_TESTS=ON', '-DCMAKE_BUILD_TYPE=Release'];
  const quietly = { stdio: ['ignore', 'ignore', 2] };
  run('cmake', ['-S', '.', '-B', build, ...fixed, ...options], quietly);
  run('cmake', ['--build', build, '--parallel', '2', '--target', 'kernels_test'], quietly);
  return join(build, 'kernels_test');
}

/**
 * Runs the executable, through an emulator where one is given, and prints what it said when it has ended, so that
 * several may run at once.
 *
 * @param {string[]} isas - instruction sets that it must find there, no more and no fewer
 */
export async function runKernelsTest(executable, { emulator = [], isas = [] } = {}) {
  const [command, ...args] = [...emulator, executable, ...isas];
  try {
    const { stdout } = await execFileAsync(command, args, { cwd: root, maxBuffer: 2 ** 28 });
    process.stdout.write(stdout);
  } catch (cause) {
    process.stdout.write(cause.stdout ?? '');
    process.stderr.write(cause.stderr ?? '');
    throw new SetupError(`the native kernel tests failed: ${[command, ...args].join(' ')}`, {
      cause,
    });
  }
}
