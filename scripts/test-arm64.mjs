// Compiles all native sources for AArch64 Linux and tests the kernels there, emulated: npm run test:arm64
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildKernelsTest, runKernelsTest } from './lib/kernels-test.mjs';
import { fail, root, SetupError, step } from './setup/process.mjs';
import { installSystemPackages } from './setup/system-packages.mjs';
import { setup } from './setup.mjs';

const compiler = 'aarch64-linux-gnu-g++';
const compileCommands = join(root, 'build/cmake/compile_commands.json');
const parallel = 2;
/** The first AArch64 alone, and all that the emulator knows. */
const cpus = ['cortex-a53', 'max'];

async function testArm64() {
  if (process.platform !== 'linux') {
    throw new SetupError('test:arm64 needs Linux: it runs AArch64 programs in an emulator');
  }
  installSystemPackages({ arm64: true, emulators: true });
  step('kernels for AArch64');
  const executable = buildKernelsTest('arm64', [
    '-DCMAKE_SYSTEM_NAME=Linux',
    '-DCMAKE_SYSTEM_PROCESSOR=aarch64',
    `-DCMAKE_CXX_COMPILER=${compiler}`,
    '-DCMAKE_CXX_FLAGS=-Wno-psabi',
    '-DCMAKE_CXX_FLAGS_RELEASE=-O2',
    '-DCMAKE_EXE_LINKER_FLAGS=-static',
  ]);
  step(`the kernels on ${cpus.join(' and ')}`);
  const runs = cpus.map((cpu) =>
    runKernelsTest(executable, {
      emulator: ['qemu-aarch64', '-cpu', cpu],
      isas: ['scalar', 'neon'],
    }),
  );
  await Promise.all(runs);
  await checkAddon();
}

/** What the executable leaves out: compiles the rest of the addon as its last build did, without code. */
async function checkAddon() {
  await setup();
  const units = JSON.parse(readFileSync(compileCommands, 'utf8')).filter(({ file }) =>
    /native\/(llama|binding|device|cuda)\//.test(file),
  );
  if (units.length === 0)
    throw new SetupError('no sources of native/llama, binding, device and cuda');
  step(`the addon for AArch64: ${units.length} more files`);
  const bad = [];
  const work = async () => {
    for (let unit = units.shift(); unit !== undefined; unit = units.shift()) {
      if (!(await compiles(unit))) bad.push(unit.file);
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  if (bad.length > 0)
    throw new SetupError(`does not compile for AArch64: ${bad.sort().join(', ')}`);
}

function compiles({ directory, command }) {
  const forArm = `${command.replace(/^\S+/, compiler)} -fsyntax-only -Wno-psabi`;
  const child = spawn('sh', ['-c', forArm], { cwd: directory, stdio: ['ignore', 2, 2] });
  return new Promise((done) => {
    child.on('close', (code) => done(code === 0));
  });
}

await testArm64().catch(fail);
