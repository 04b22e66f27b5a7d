import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { temporaryFolder } from '../helpers/folder.js';
import {
  napi,
  pack,
  platforms,
  root,
  shippedBinaries,
  stageRoot,
} from '../helpers/release-scripts.js';

interface Manifest {
  version: string;
  optionalDependencies: Record<string, string>;
}

/** What the commands of @napi-rs/cli read: the manifest and the platform packages, as they are committed. */
async function copyOfPackage(t: ExecutionContext): Promise<string> {
  const folder = await temporaryFolder(t);
  await cp(join(root, 'package.json'), join(folder, 'package.json'));
  await cp(join(root, 'npm'), join(folder, 'npm'), { recursive: true });
  return folder;
}

/** A file for every target; only napi-rs looks at them, and only whether they are there. */
async function placeholders(folder: string): Promise<string> {
  const binaries = join(folder, 'binaries');
  await mkdir(binaries);
  for (const name of platforms()) {
    await writeFile(join(binaries, `sparsetune.${name}.node`), `for ${name}`);
  }
  return binaries;
}

async function manifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
}

test('create-npm-dirs writes the platform packages that are committed', async (t) => {
  const folder = await copyOfPackage(t);
  await rm(join(folder, 'npm'), { recursive: true });
  napi(folder, ['create-npm-dirs']);
  t.deepEqual((await readdir(join(folder, 'npm'))).sort(), platforms());
  for (const name of platforms()) {
    for (const file of ['package.json', 'README.md']) {
      const path = join('npm', name, file);
      const [made, committed] = await Promise.all(
        [folder, root].map((place) => readFile(join(place, path), 'utf8')),
      );
      t.is(made?.trim(), committed?.trim(), path);
    }
  }
});

test('version gives every platform package the version of the root', async (t) => {
  const folder = await copyOfPackage(t);
  const changed = { ...(await manifest(folder)), version: '9.8.7' };
  await writeFile(join(folder, 'package.json'), JSON.stringify(changed));
  napi(folder, ['version']);
  for (const name of platforms()) {
    t.is((await manifest(join(folder, 'npm', name))).version, '9.8.7');
  }
});

test('artifacts takes one binary for each target, and fails where one is missing', async (t) => {
  const folder = await copyOfPackage(t);
  const binaries = await placeholders(folder);
  napi(folder, ['artifacts', '--output-dir', binaries]);
  for (const name of platforms()) {
    const path = join(folder, 'npm', name, `sparsetune.${name}.node`);
    t.is(await readFile(path, 'utf8'), `for ${name}`);
  }
  await rm(join(binaries, 'sparsetune.darwin-x64.node'));
  t.throws(() => napi(folder, ['artifacts', '--output-dir', binaries]), {
    message: /Missing artifacts for configured targets: x86_64-apple-darwin/,
  });
});

test('prepublish accepts the packages, and depends on the same ones as release:pack', async (t) => {
  const folder = await copyOfPackage(t);
  const prepublish = ['prepublish', '-t', 'npm', '--no-gh-release'];
  t.throws(() => napi(folder, [...prepublish, '--dry-run']), { message: /sparsetune\.\S+\.node/ });
  napi(folder, ['artifacts', '--output-dir', await placeholders(folder)]);
  napi(folder, [...prepublish, '--dry-run']);

  napi(folder, [...prepublish, '--skip-optional-publish']);
  const staged = stageRoot(await temporaryFolder(t));
  t.deepEqual(
    (await manifest(folder)).optionalDependencies,
    (await manifest(staged)).optionalDependencies,
  );
});

test('a release with a platform missing is not packed', async (t) => {
  const binaries = await shippedBinaries(t);
  const out = await temporaryFolder(t);
  t.throws(() => pack({ binaries, out, isComplete: true }), {
    message: /Missing artifacts for configured targets: /,
  });
  t.deepEqual(await readdir(out), []);
});

test('a whole release has a tarball for the root and for each platform', async (t) => {
  const binaries = await shippedBinaries(t);
  const [built = ''] = await readdir(binaries);
  const names = platforms().map((name) => `sparsetune.${name}.node`);
  for (const name of names) {
    if (name !== built) await cp(join(binaries, built), join(binaries, name));
  }
  const out = await temporaryFolder(t);
  const repository = 'git+https://example.invalid/owner/name.git';
  pack({ binaries, out, isComplete: true, repository });
  const { version } = await manifest(root);
  const wanted = ['', ...platforms().map((name) => `-${name}`)];
  t.deepEqual(
    (await readdir(out)).sort(),
    wanted.map((suffix) => `sparsetune${suffix}-${version}.tgz`).sort(),
  );
});
