import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { findLlamaLibrary, llamaCpp, loadLlamaLibrary } from '../../ts/engine/llama-library.js';
import { NativeLoadError } from '../../ts/errors.js';
import { temporaryFolder } from '../helpers/folder.js';

const metadataFile = '_nlcBuildMetadata.json';

/** A folder that says it is a build of `release`, with files of these names. */
async function buildFolder(folder: string, release: string, files: string[]): Promise<string> {
  const path = join(folder, 'llama');
  await mkdir(path);
  const metadata = { buildOptions: { llamaCpp: { release } } };
  await writeFile(join(path, metadataFile), JSON.stringify(metadata));
  for (const file of files) await writeFile(join(path, file), '');
  return path;
}

const find = (folder: string) => findLlamaLibrary({ SPARSETUNE_LLAMA: folder });
const names = { base: 'libggml-base.so', ggml: 'libggml.so', llama: 'libllama.so' };

test('the installed package is the one that the native code was written for', (t) => {
  const { packageName, packageVersion, release } = findLlamaLibrary({});
  t.regex(packageName, /^@node-llama-cpp\//);
  t.is(packageVersion, llamaCpp.packageVersion);
  t.is(release, llamaCpp.release);
});

test('an empty SPARSETUNE_LLAMA counts as none', (t) => {
  t.deepEqual(find(''), findLlamaLibrary({}));
});

test('SPARSETUNE_LLAMA names the folder of a build', (t) => {
  const { folder } = findLlamaLibrary({});
  t.is(find(folder).folder, folder);
});

test('an absent folder is an error that says what was looked for', async (t) => {
  const folder = join(await temporaryFolder(t), 'absent');
  const error = t.throws(() => find(folder), {
    instanceOf: NativeLoadError,
    code: 'ERR_LLAMA_LOAD',
  }) as NativeLoadError;
  t.true(error.message.includes(join(folder, metadataFile)));
  t.deepEqual(error.tried, [folder]);
});

test('a folder that SPARSETUNE_LLAMA names wrongly is an error with the cure', async (t) => {
  const folder = join(await temporaryFolder(t), 'absent');
  t.throws(() => find(folder), { message: /SPARSETUNE_LLAMA/ });
});

test('damaged metadata is an error that names the file', async (t) => {
  const folder = await buildFolder(await temporaryFolder(t), llamaCpp.release, []);
  await writeFile(join(folder, metadataFile), '{"buildOptions": ');
  t.throws(() => find(folder), { code: 'ERR_LLAMA_LOAD', message: /_nlcBuildMetadata\.json/ });
});

test('a build of another release is an error that names both and the cure', async (t) => {
  const folder = await buildFolder(await temporaryFolder(t), 'b1234', Object.values(names));
  const error = t.throws(() => find(folder), {
    instanceOf: NativeLoadError,
    code: 'ERR_LLAMA_VERSION',
  }) as NativeLoadError;
  for (const part of ['b1234', llamaCpp.release, 'SPARSETUNE_LLAMA', folder]) {
    t.true(error.message.includes(part), part);
  }
  t.false(error.message.includes(`npm install ${folder}`), 'a folder is no package');
  t.deepEqual(error.tried, [folder]);
});

for (const missing of Object.values(names)) {
  test(`a build without ${missing} is an error that says what was looked for`, async (t) => {
    const files = Object.values(names).filter((name) => name !== missing);
    const folder = await buildFolder(await temporaryFolder(t), llamaCpp.release, files);
    const error = t.throws(() => find(folder), {
      instanceOf: NativeLoadError,
      code: 'ERR_LLAMA_LOAD',
    }) as NativeLoadError;
    t.true(error.message.includes(folder));
    t.deepEqual(error.tried, [folder]);
  });
}

test('the library that is loaded is the very build', async (t) => {
  t.is((await loadLlamaLibrary()).release, llamaCpp.release);
});

const run = promisify(execFile);
const loader = fileURLToPath(new URL('../helpers/load-llama.js', import.meta.url));

/** What loading says in a process of its own: a library is loaded once per process. */
async function loadElsewhere(folder: string, ...how: string[]): Promise<Record<string, unknown>> {
  const env = { ...process.env, SPARSETUNE_LLAMA: folder };
  const { stdout } = await run(process.execPath, [loader, ...how], { env });
  return JSON.parse(stdout) as Record<string, unknown>;
}

test('files that are no libraries are an error that names them', async (t) => {
  const folder = await buildFolder(
    await temporaryFolder(t),
    llamaCpp.release,
    Object.values(names),
  );
  const { name, code, message } = await loadElsewhere(folder);
  t.is(code, 'ERR_LLAMA_LOAD');
  t.is(name, 'NativeLoadError');
  t.true(String(message).includes(folder));
});

test('a copy of the build loads from another place', async (t) => {
  const { folder } = findLlamaLibrary({});
  const copy = join(await temporaryFolder(t), 'copy');
  await cp(folder, copy, { recursive: true });
  t.like(await loadElsewhere(copy), { folder: copy, release: llamaCpp.release });
  t.true((await readFile(join(copy, metadataFile))).length > 0);
});

test('the loaded library tells its devices', async (t) => {
  const { devices } = await loadLlamaLibrary();
  t.true(devices.some(({ name, isGpu }) => name === 'CPU' && !isGpu));
});

test('without a package that has a GPU back end the error names those to install', (t) => {
  try {
    const { packageName } = findLlamaLibrary({}, { gpu: true });
    t.regex(packageName, /cuda|vulkan|metal/);
  } catch (error) {
    const { code, message } = error as NativeLoadError;
    t.is(code, 'ERR_LLAMA_LOAD');
    t.regex(message, /--gpu-layers/);
    if (process.platform === 'linux' && process.arch === 'x64')
      t.regex(message, /npm install @node-llama-cpp\/linux-x64-cuda@.* or .*linux-x64-vulkan@/);
  }
});

test('a build without a GPU is an error that names the option and what there is', async (t) => {
  const { folder } = findLlamaLibrary({});
  const { code, message, devices } = await loadElsewhere(folder, 'gpu');
  if (process.platform === 'darwin') {
    t.truthy(devices); // its only build has a GPU
    return;
  }
  t.is(code, 'ERR_LLAMA_LOAD');
  t.regex(String(message), /no GPU.*--gpu-layers.*CPU.*0 GPU layers/);
});
