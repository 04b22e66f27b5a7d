// Runs the CUDA kernels on the CPU, every access checked: npm run test:simt
import { join } from 'node:path';
import { fail, output, root, run, SetupError, step } from './setup/process.mjs';
import { installSystemPackages } from './setup/system-packages.mjs';

const quietly = { stdio: ['ignore', 'ignore', 2] };

try {
  if (process.platform !== 'linux') throw new SetupError('test:simt runs on Linux only');
  installSystemPackages();
  requireTool('g++', 'g++');
  requireTool('addr2line', 'binutils');
  step('emulator and kernels: g++');
  const build = join(root, 'build/simt');
  const settings = [
    '-DSPARSETUNE_SIMT=ON',
    '-DCMAKE_CXX_COMPILER=g++',
    '-DCMAKE_BUILD_TYPE=Release',
  ];
  run('cmake', ['-S', '.', '-B', build, ...settings], quietly);
  run('cmake', ['--build', build, '--parallel', '2', '--target', 'simt_test'], quietly);
  run(join(build, 'simt_test'), process.argv.slice(2), { stdio: ['ignore', 1, 2] });
} catch (error) {
  fail(error);
}

function requireTool(command, debian) {
  if (output(command, ['--version']) !== undefined) return;
  throw new SetupError(
    `test:simt needs ${command}; on Debian or Ubuntu: sudo apt-get install ${debian}`,
  );
}
