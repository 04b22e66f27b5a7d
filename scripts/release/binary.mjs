// A binary as it is shipped: stripped, under the name that napi-rs gives it, and what it asks of a machine.
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { output, readPackage, run, SetupError, step } from '../setup/process.mjs';

/** What every glibc system has; libgcc_s is node's own need. */
const systemLibraries = /^(lib(c|m|dl|pthread|rt|gcc_s)\.so\.\d+|ld-linux-[\w-]+\.so\.\d+)$/;

/** Name of a platform's binary, the same in its package and among a build's artifacts. */
export function binaryName(platform) {
  return `${readPackage().napi.binaryName}.${platform}.node`;
}

/**
 * Copies an addon into a folder, strips the copy and checks what it links.
 *
 * @param {{ built: string, platform: string, folder: string, tools?: string }} options - tools: prefix of the names of
 *   the compiler's own programs, as `aarch64-linux-gnu-`
 */
export function shipBinary({ built, platform, folder, tools = '' }) {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, binaryName(platform));
  copyFileSync(built, path);
  if (platform.startsWith('linux')) run(`${tools}strip`, [path]);
  if (platform.startsWith('darwin')) run('strip', ['-x', path]);
  if (!platform.endsWith('-gnu')) return path;
  const { libraries, glibc } = requirements(path);
  const others = libraries.filter((name) => !systemLibraries.test(name));
  if (others.length > 0) {
    throw new SetupError(
      `${binaryName(platform)} needs ${others.join(', ')}, which a machine may lack or have in an older version. Build with a compiler that has a static libstdc++.`,
    );
  }
  step(`${binaryName(platform)}: glibc ${glibc} or newer`);
  return path;
}

/**
 * What an ELF file asks of the machine it is loaded on, of any CPU; needs readelf.
 *
 * @returns {{ libraries: string[], glibc: string }} glibc: the newest version that one of its symbols has
 */
export function requirements(path) {
  const dynamic = read(['--dynamic', '--wide', path]);
  const libraries = [...dynamic.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name]) => name);
  const versions = [...read(['--version-info', '--wide', path]).matchAll(/GLIBC_([\d.]+)/g)].map(
    ([, version]) => version.split('.').map(Number),
  );
  versions.sort(([a, b], [c, d]) => a - c || b - d);
  return { libraries, glibc: versions.at(-1)?.join('.') ?? 'any' };
}

function read(args) {
  const printed = output('readelf', args, { env: { ...process.env, LC_ALL: 'C' } });
  if (printed === undefined) throw new SetupError(`readelf (binutils) failed: ${args.join(' ')}`);
  return printed;
}
