// Compares the CUDA kernels with those of the CPU on this machine's GPU, then measures how near they come to its memory:
// npm run test:cuda
// Needs nvcc (npm run setup:cuda). SPARSETUNE_TEST_UNDER="compute-sanitizer --tool racecheck" runs it under that, and
// measures nothing.
import { join } from 'node:path';
import { CudaError, findCuda } from '../native/cuda/nvcc.mjs';
import { fail, root, run, SetupError, step } from './setup/process.mjs';
import { installSystemPackages } from './setup/system-packages.mjs';

const quietly = { stdio: ['ignore', 'ignore', 2] };

try {
  installSystemPackages();
  step(`nvcc ${findCuda('on').version}: kernels and their tests`);
  const build = join(root, 'build/cuda-test');
  const settings = [
    '-DSPARSETUNE_CUDA=on',
    '-DSPARSETUNE_CUDA_TESTS=ON',
    '-DCMAKE_BUILD_TYPE=Release',
  ];
  run('cmake', ['-S', '.', '-B', build, ...settings], quietly);
  run('cmake', ['--build', build, '--parallel', '2', '--target', 'cuda_test'], quietly);
  const under = (process.env['SPARSETUNE_TEST_UNDER'] ?? '').split(' ').filter(Boolean);
  const test = join(build, 'cuda_test');
  const [command, ...args] = under.length > 0 ? [...under, test] : [test, '--roofline'];
  run(command, args, { stdio: ['ignore', 1, 2] });
} catch (error) {
  fail(error instanceof CudaError ? new SetupError(error.message) : error);
}
