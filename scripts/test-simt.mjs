// Runs the CUDA kernels on the CPU, every access checked, alone and behind the JavaScript interface: npm run test:simt
// Arguments go to the program of test/simt, and leave JavaScript out.
import { join } from 'node:path';
import { fail, output, root, run, SetupError, step } from './setup/process.mjs';
import { setup } from './setup.mjs';

const quietly = { stdio: ['ignore', 'ignore', 2] };

try {
  if (process.platform !== 'linux') throw new SetupError('test:simt runs on Linux only');
  await setup({ models: ['gemma3'] });
  requireTool('g++', 'g++');
  requireTool('addr2line', 'binutils');
  step('emulator and kernels: g++');
  const build = join(root, 'build/emulated');
  run('npm', ['run', '--silent', 'build:emulated'], quietly);
  const args = process.argv.slice(2);
  run(join(build, 'simt_test'), args, { stdio: ['ignore', 1, 2] });
  if (args.length === 0) {
    step('SparseAttention and the engine on the emulator');
    const env = { ...process.env, SPARSETUNE_NATIVE: join(build, 'Release/sparsetune.node') };
    const ava = join(root, 'node_modules/ava/entrypoints/cli.mjs');
    const tests = [
      'test/attention/device.test.ts',
      'test/engine/device-attention.test.ts',
      'test/simt/cuda-calls.test.ts',
    ];
    run(process.execPath, [ava, ...tests], { stdio: ['ignore', 1, 2], env });
  }
} catch (error) {
  fail(error);
}

function requireTool(command, debian) {
  if (output(command, ['--version']) !== undefined) return;
  throw new SetupError(
    `test:simt needs ${command}; on Debian or Ubuntu: sudo apt-get install ${debian}`,
  );
}
