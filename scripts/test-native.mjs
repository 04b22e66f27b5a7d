// Tests the kernels without Node on the instruction sets of this machine, and on an x86 CPU that has none
// of those they are written for, which is emulated: npm run test:native
import { buildKernelsTest, runKernelsTest } from './lib/kernels-test.mjs';
import { fail, step } from './setup/process.mjs';
import { installSystemPackages } from './setup/system-packages.mjs';

const canEmulate = process.platform === 'linux' && process.arch === 'x64';

try {
  installSystemPackages({ emulators: canEmulate });
  const executable = buildKernelsTest('native-tests');
  await runKernelsTest(executable);
  if (canEmulate) {
    step('the same on a CPU without AVX2');
    await runKernelsTest(executable, {
      emulator: ['qemu-x86_64', '-cpu', 'Nehalem'],
      isas: ['scalar'],
    });
  }
} catch (error) {
  fail(error);
}
