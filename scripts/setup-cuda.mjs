// Installs nvcc into .deps/cuda from NVIDIA's Python packages: npm run setup:cuda
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findCuda } from '../native/cuda/nvcc.mjs';
import { fail, root, run, SetupError, step } from './setup/process.mjs';
import { installSystemPackages, python } from './setup/system-packages.mjs';

/** All five, since each asks for no more than "any" of the others, and a newer nvvm does not fit this nvcc. */
const packages = [
  'nvidia-cuda-nvcc==13.0.88',
  'nvidia-nvvm==13.0.88',
  'nvidia-cuda-crt==13.0.88',
  'nvidia-cuda-runtime==13.0.96',
  'nvidia-cuda-cccl==13.0.85',
];
const folder = join(root, '.deps/cuda');
const stamp = join(folder, packages.map((name) => name.split('==')[1]).join('-'));

try {
  if (process.platform !== 'linux') {
    throw new SetupError('setup:cuda is for Linux; elsewhere install the CUDA toolkit');
  }
  installSystemPackages();
  if (!existsSync(stamp)) {
    step(`nvcc: ${packages.join(', ')}`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const quiet = ['--quiet', '--disable-pip-version-check', '--no-deps'];
    run(python, ['-m', 'pip', 'install', ...quiet, '--target', folder, ...packages]);
    writeFileSync(stamp, '');
  }
  const { nvcc, version } = findCuda('on');
  step(`nvcc ${version}: ${nvcc}`);
} catch (error) {
  fail(error);
}
