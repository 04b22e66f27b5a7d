// The packages as they are published, made from a build: the root package and one for each binary.
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { output, readPackage, root, run, SetupError } from '../setup/process.mjs';
import { binaryName, requirements } from './binary.mjs';
import { execute } from './execute.mjs';

/** What only a checkout has a use for. */
const checkoutFields = ['scripts', 'devDependencies', 'ava'];
const quiet = { stdio: ['ignore', 'ignore', 2] };

/** Platforms that have a package, as napi-rs names them. */
export function platforms() {
  return readdirSync(join(root, 'npm')).sort();
}

/**
 * Writes `sparsetune-VERSION.tgz` and `sparsetune-PLATFORM-VERSION.tgz` for every binary that is there.
 *
 * @param {{ binaries: string, out: string, isComplete?: boolean, repository?: string }} options - binaries: folder of
 *   shipped binaries; isComplete: fail where one of a configured target is missing, by napi-rs' own check
 * @returns {{ root: string, platforms: Record<string, string> }} the tarballs
 */
export function pack({ binaries, out, isComplete = false, repository }) {
  const folder = resolve(root, out);
  const stage = mkdtempSync(join(tmpdir(), 'sparsetune-pack-'));
  try {
    const staged = stageRoot(stage, repository);
    const built = isComplete ? collectAll(staged, resolve(root, binaries)) : existing(binaries);
    for (const platform of built) stagePlatform(staged, platform, resolve(root, binaries));
    if (isComplete) napi(staged, ['prepublish', '-t', 'npm', '--no-gh-release', '--dry-run']);
    const packed = built.map((name) => [name, npmPack(join(staged, 'npm', name), folder)]);
    return { root: npmPack(staged, folder), platforms: Object.fromEntries(packed) };
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/** Runs a command of @napi-rs/cli in a folder that holds a package. */
export function napi(folder, args) {
  const cli = join(root, 'node_modules/@napi-rs/cli/dist/cli.js');
  const { code, out, err } = execute(process.execPath, [cli, ...args], { cwd: folder });
  if (code !== 0) throw new SetupError(`napi ${args.join(' ')}\n${out}${err}`);
}

/** The root package unpacked, with the manifest of a release, and the platform packages beside it in npm/. */
export function stageRoot(stage, repository) {
  const tarball = npmPack(root, stage);
  run('tar', ['-xzf', basename(tarball)], { ...quiet, cwd: stage });
  rmSync(tarball);
  const staged = join(stage, 'package');
  cpSync(join(root, 'npm'), join(staged, 'npm'), { recursive: true });
  changeManifest(staged, (manifest) => releaseManifest(manifest, repository));
  return staged;
}

/** Adds the platform packages: a checkout cannot name them, since its lock file would have to hold what is yet to be published. */
function releaseManifest(manifest, repository) {
  const kept = Object.entries(manifest).filter(([name]) => !checkoutFields.includes(name));
  const names = platforms().map((platform) => `${manifest.name}-${platform}`);
  return {
    ...Object.fromEntries(kept),
    ...(repository === undefined ? {} : { repository: { type: 'git', url: repository } }),
    optionalDependencies: {
      ...manifest.optionalDependencies,
      ...Object.fromEntries(names.map((name) => [name, manifest.version])),
    },
  };
}

function stagePlatform(staged, platform, binaries) {
  const folder = join(staged, 'npm', platform);
  const { repository, version } = readManifest(staged);
  const needs = platform.endsWith('-gnu')
    ? `needs glibc ${requirements(join(binaries, binaryName(platform))).glibc} or newer`
    : undefined;
  copyFileSync(join(binaries, binaryName(platform)), join(folder, binaryName(platform)));
  for (const name of ['LICENSE', 'NOTICE']) copyFileSync(join(root, name), join(folder, name));
  if (needs !== undefined) appendFileSync(join(folder, 'README.md'), `\nIt ${needs}.\n`);
  changeManifest(folder, (manifest) => ({
    ...manifest,
    version,
    description: `The native addon of sparsetune for ${platform}${needs === undefined ? '' : `; ${needs}`}`,
    ...(repository === undefined ? {} : { repository }),
    files: [...manifest.files, 'NOTICE'],
  }));
}

/** Fails where a configured target has no binary. */
function collectAll(staged, binaries) {
  napi(staged, ['artifacts', '--output-dir', binaries]);
  for (const platform of platforms()) rmSync(join(staged, binaryName(platform)));
  return platforms();
}

function existing(binaries) {
  return platforms().filter((name) => existsSync(resolve(root, binaries, binaryName(name))));
}

function npmPack(folder, destination) {
  mkdirSync(destination, { recursive: true });
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', destination];
  const printed = output('npm', args, { cwd: folder, shell: process.platform === 'win32' });
  if (printed === undefined) throw new SetupError(`npm pack failed in ${folder}`);
  const [{ filename }] = Object.values(JSON.parse(printed));
  return join(destination, filename);
}

function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

function changeManifest(folder, change) {
  const changed = change(readManifest(folder));
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(changed, null, 2)}\n`);
}

/** The version that all packages of a checkout must share. */
export function checkVersions() {
  const { version } = readPackage();
  const others = platforms().filter(
    (platform) => readManifest(join(root, 'npm', platform)).version !== version,
  );
  if (others.length > 0) {
    throw new SetupError(`not at version ${version}: ${others.join(', ')}. Run: npx napi version`);
  }
}
