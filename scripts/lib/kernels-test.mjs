// Builds test/native, which needs neither Node nor its headers, and runs it.
import { join } from 'node:path';
import { root, run, SetupError } from '../setup/process.mjs';

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
 * Runs the executable, through an emulator where one is given, with what it prints on our output.
 *
 * @param {string[]} isas - instruction sets that it must find there, no more and no fewer
 */
export function runKernelsTest(executable, { emulator = [], isas = [] } = {}) {
  const [command, ...args] = [...emulator, executable, ...isas];
  try {
    run(command, args, { stdio: ['ignore', 1, 2] });
  } catch (cause) {
    throw new SetupError(`the native kernel tests failed: ${[command, ...args].join(' ')}`, {
      cause,
    });
  }
}
