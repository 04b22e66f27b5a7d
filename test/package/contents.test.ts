import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { platformName } from '../../ts/native/platform-name.js';
import { temporaryFolder } from '../helpers/folder.js';
import { execute, packBefore, platforms, requirements, root } from '../helpers/release-scripts.js';

const platform = platformName();
const packed = packBefore(test);
const binary = `sparsetune.${platform}.node`;

interface Manifest {
  version: string;
  description: string;
  gypfile?: boolean;
  scripts?: unknown;
  devDependencies?: unknown;
  repository?: unknown;
  optionalDependencies: Record<string, string>;
}

/** Every file of the root package is of one of these kinds. */
const allowed = [
  /^(package\.json|README\.md|CHANGELOG\.md|LICENSE|NOTICE|CMakeLists\.txt|binding\.gyp)$/,
  /^build\/ts\/ts\/[\w/-]+\.(js|d\.ts)$/,
  /^docs\/[\w-]+\.md$/,
  /^native\/[\w/]+\.(cpp|h|inl|cu|cuh|map)$/,
  /^native\/cuda\/nvcc\.mjs$/, // both builds ask it
  /^\.deps\/llama\/(LICENSE|version\.json|include\/[\w-]+\.h)$/,
];

function filesIn(tarball: string): string[] {
  const { out } = execute('tar', ['-tzf', tarball]);
  return out
    .trim()
    .split('\n')
    .map((path) => path.replace(/^package\//, ''))
    .sort();
}

function manifestIn(tarball: string): Manifest {
  return JSON.parse(execute('tar', ['-xzOf', tarball, 'package/package.json']).out) as Manifest;
}

test('the root package holds its program, its sources and its documents only', (t) => {
  const { root: tarball } = packed();
  const files = filesIn(tarball);
  t.deepEqual(
    files.filter((path) => !allowed.some((kind) => kind.test(path))),
    [],
  );
  for (const path of ['build/ts/ts/cli/main.js', 'build/ts/ts/index.d.ts', 'CMakeLists.txt']) {
    t.true(files.includes(path), path);
  }
  const compiled = files.filter((path) => path.endsWith('.js')).map(sourceOf);
  const list = ['ls-files', '--cached', '--others', '--exclude-standard', 'ts'];
  const sources = execute('git', list, { cwd: root }).out.trim().split('\n');
  const isSource = (path: string) => existsSync(join(root, path));
  const missing = sources.filter((path) => isSource(path) && !compiled.includes(path));
  t.deepEqual(
    { missing, stale: compiled.filter((path) => !isSource(path)) },
    { missing: [], stale: [] },
  );
});

function sourceOf(path: string): string {
  return path.replace(/^build\/ts\/(.*)\.js$/, '$1.ts');
}

test('a platform package holds its binary, its manifest and its licence', (t) => {
  t.deepEqual(Object.keys(packed().platforms), [platform]);
  const files = filesIn(packed().platforms[platform] ?? '');
  t.deepEqual(files, ['LICENSE', 'NOTICE', 'README.md', 'package.json', binary].sort());
});

test('the manifests run no script and name every platform package in its version', async (t) => {
  const { root: tarball, platforms: others } = packed();
  const main = manifestIn(tarball);
  t.is(main.gypfile, false);
  for (const manifest of [main, manifestIn(others[platform] ?? '')]) {
    t.is(manifest.scripts, undefined);
    t.is(manifest.devDependencies, undefined);
    t.is(manifest.version, main.version);
  }
  const own = Object.entries(main.optionalDependencies).filter(([name]) =>
    name.startsWith('sparsetune-'),
  );
  t.deepEqual(
    own,
    platforms().map((name) => [`sparsetune-${name}`, main.version]),
  );
});

test('publint and attw find nothing in the root package', (t) => {
  const { root: tarball } = packed();
  const publint = execute('node', [
    join(root, 'node_modules/publint/src/cli.js'),
    tarball,
    '--strict',
  ]);
  t.is(publint.code, 0, publint.out + publint.err);
  const cli = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js');
  const attw = execute('node', [cli, tarball, '--profile', 'esm-only', '--format', 'json']);
  t.is(attw.code, 0, attw.out + attw.err);
  const { analysis } = JSON.parse(attw.out) as {
    analysis: { types: unknown; entrypoints: object };
  };
  t.truthy(analysis.types);
  t.true('.' in analysis.entrypoints);
});

if (platform.endsWith('-gnu')) {
  test('the binary is stripped, exports what Node looks up, and names its glibc', async (t) => {
    const tarball = packed().platforms[platform] ?? '';
    const folder = await temporaryFolder(t);
    t.is(execute('tar', ['-xzf', tarball, '-C', folder]).code, 0);
    const path = join(folder, 'package', binary);

    t.notRegex(execute('readelf', ['--sections', '--wide', path]).out, /\.symtab|\.debug_/);
    const symbols = execute('nm', ['--dynamic', '--defined-only', path]).out.trim().split('\n');
    t.deepEqual(symbols.map((line) => line.split(' ').at(-1)).sort(), [
      'napi_register_module_v1',
      'node_api_module_get_api_version_v1',
    ]);

    const { glibc, libraries } = requirements(path);
    t.regex(glibc, /^2\.\d+$/);
    t.false(libraries.some((name) => name.startsWith('libstdc++')));
    const readme = await readFile(join(folder, 'package/README.md'), 'utf8');
    t.true(readme.includes(`needs glibc ${glibc} or newer`));
    t.true(manifestIn(tarball).description.includes(`needs glibc ${glibc} or newer`));
  });
}
