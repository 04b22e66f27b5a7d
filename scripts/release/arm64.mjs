// The addon for AArch64 Linux, built on another CPU.
import { join } from 'node:path';
import { root, run, step } from '../setup/process.mjs';

export const arm64 = { platform: 'linux-arm64-gnu', tools: 'aarch64-linux-gnu-' };

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
