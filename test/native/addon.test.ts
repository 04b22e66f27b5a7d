import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { addonPath } from '../../ts/native/addon.js';
import { platformName } from '../../ts/native/platform-name.js';
import { temporaryFolder } from '../helpers/folder.js';
import { execute } from '../helpers/release-scripts.js';

const module = new URL('../../ts/native/addon.js', import.meta.url).href;
const program = `import { addonPath, loadAddon } from '${module}';
try {
  console.log(JSON.stringify({ path: addonPath(), isa: loadAddon().bestIsa }));
} catch ({ code, message, tried }) {
  console.log(JSON.stringify({ code, message, tried }));
}`;

interface Told {
  path?: string;
  isa?: string;
  code?: string;
  message?: string;
  tried?: string[];
}

/** What a process of its own loads, given these variables. */
function loadWith(variables: Record<string, string>): Told {
  const { SPARSETUNE_NATIVE, NAPI_RS_NATIVE_LIBRARY_PATH, ...rest } = process.env;
  const run = execute('node', ['--input-type=module', '-e', program], {
    env: { ...rest, ...variables },
  });
  return JSON.parse(run.out) as Told;
}

test('each of two variables names the addon to load', async (t) => {
  const copy = join(await temporaryFolder(t), 'own.node');
  await copyFile(addonPath(), copy);
  t.is(loadWith({ SPARSETUNE_NATIVE: copy }).path, copy);
  t.is(loadWith({ NAPI_RS_NATIVE_LIBRARY_PATH: copy }).path, copy);
  const both = { SPARSETUNE_NATIVE: copy, NAPI_RS_NATIVE_LIBRARY_PATH: '/missing.node' };
  t.is(loadWith(both).path, copy);
});

test('without a variable the build of this checkout is loaded', (t) => {
  const { path, isa } = loadWith({});
  t.regex(path ?? '', /[/\\]build[/\\](cmake[/\\])?Release[/\\]sparsetune\.node$/);
  t.truthy(isa);
});

test('a named addon that does not load is not replaced by another', async (t) => {
  const folder = await temporaryFolder(t);
  const missing = join(folder, 'missing.node');
  const broken = join(folder, 'broken.node');
  await copyFile(new URL(import.meta.url), broken);
  const one = loadWith({ NAPI_RS_NATIVE_LIBRARY_PATH: missing });
  t.is(one.code, 'ERR_NATIVE_LOAD');
  t.deepEqual(one.tried, [`${missing}: not found`]);
  const other = loadWith({ SPARSETUNE_NATIVE: broken });
  t.is(other.tried?.length, 1);
  t.true(other.tried?.[0]?.startsWith(`${broken}: `));
  t.false(other.tried?.[0]?.endsWith('not found'));
  t.regex(other.message ?? '', /npx sparsetune build/);
});

const names: [NodeJS.Platform, string, boolean, string][] = [
  ['linux', 'x64', true, 'linux-x64-gnu'],
  ['linux', 'x64', false, 'linux-x64-musl'],
  ['linux', 'arm64', true, 'linux-arm64-gnu'],
  ['darwin', 'arm64', false, 'darwin-arm64'],
  ['darwin', 'x64', false, 'darwin-x64'],
  ['win32', 'x64', false, 'win32-x64-msvc'],
];
for (const [platform, arch, hasGlibc, name] of names) {
  test(`${platform} on ${arch} ${hasGlibc ? 'with' : 'without'} glibc is ${name}`, (t) => {
    t.is(
      platformName(platform, arch, () => hasGlibc),
      name,
    );
  });
}
