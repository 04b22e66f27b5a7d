import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { NativeLoadError } from '../errors.js';
import { loadAddon } from '../native/addon.js';
import type { LlamaDevice, LlamaLibraryPaths } from '../native/llama-addon.js';

/** The one build of llama.cpp that the native code was written and tested for. */
export const llamaCpp = {
  /** Version of the npm packages `@node-llama-cpp/<platform>`. */
  packageVersion: '3.22.1',
  release: 'v0.5.0',
  ggmlCommit: '0ad4a86',
} as const;

/** A llama.cpp build on this machine. */
export interface LlamaLibrary extends LlamaLibraryPaths {
  readonly packageName: string;
  readonly packageVersion: string;
  readonly release: string;
}

/** One that is loaded, with what it can compute on here. */
export interface LoadedLlamaLibrary extends LlamaLibrary {
  readonly devices: readonly LlamaDevice[];
}

/** Which build is wanted: one that GPUs can take layers of the model with, or that of the CPU. */
export interface LibraryOptions {
  readonly gpu?: boolean;
}

/** Packages by platform: the one that comes with this package, and those with a GPU back end, the better first. */
const platformPackages: Readonly<Record<string, { cpu: string; gpu: readonly string[] }>> = {
  'linux-x64': { cpu: 'linux-x64', gpu: ['linux-x64-cuda', 'linux-x64-vulkan'] },
  'linux-arm64': { cpu: 'linux-arm64', gpu: [] },
  'darwin-arm64': { cpu: 'mac-arm64-metal', gpu: ['mac-arm64-metal'] },
  'darwin-x64': { cpu: 'mac-x64', gpu: [] },
  'win32-x64': { cpu: 'win-x64', gpu: ['win-x64-cuda', 'win-x64-vulkan'] },
  'win32-arm64': { cpu: 'win-arm64', gpu: [] },
};

/**
 * Finds the prebuilt llama.cpp: the folder in `SPARSETUNE_LLAMA` if set, else the npm package of this platform; for a
 * GPU the first of its packages that is installed.
 *
 * @throws {NativeLoadError} `ERR_LLAMA_LOAD` where it is absent, `ERR_LLAMA_VERSION` where it is another version
 */
export function findLlamaLibrary(
  env: NodeJS.ProcessEnv = process.env,
  { gpu = false }: LibraryOptions = {},
): LlamaLibrary {
  const named = env['SPARSETUNE_LLAMA'];
  const isPackage = named === undefined || named === '';
  const { folder, packageName, packageVersion } = isPackage
    ? findPackage(gpu)
    : { folder: named, packageName: named, packageVersion: llamaCpp.packageVersion };
  const release = readRelease(folder, cure(packageName));
  if (packageVersion !== llamaCpp.packageVersion || release !== llamaCpp.release) {
    throw new NativeLoadError(
      'ERR_LLAMA_VERSION',
      `Found llama.cpp ${release} (${packageName} ${packageVersion}) but need ${llamaCpp.release}. ` +
        cure(packageName),
      [folder],
    );
  }
  return { ...libraryNames(folder), packageName, packageVersion, release };
}

/**
 * Finds and loads the library, and checks that it is the very build and, where a GPU is wanted, that it has one.
 *
 * @throws {NativeLoadError} as findLlamaLibrary, and `ERR_LLAMA_LOAD` where no GPU can be used
 */
export async function loadLlamaLibrary({
  gpu = false,
}: LibraryOptions = {}): Promise<LoadedLlamaLibrary> {
  const library = findLlamaLibrary(process.env, { gpu });
  const { ggmlCommit, devices } = await nativeBuild(library);
  if (ggmlCommit !== llamaCpp.ggmlCommit) {
    throw new NativeLoadError(
      'ERR_LLAMA_VERSION',
      `The llama.cpp in ${library.folder} is of ggml commit ${ggmlCommit} but ${llamaCpp.ggmlCommit} is needed. ` +
        cure(library.packageName),
      [library.folder],
    );
  }
  if (gpu && !devices.some(({ isGpu }) => isGpu)) {
    throw new NativeLoadError(
      'ERR_LLAMA_LOAD',
      `${library.packageName} found no GPU for gpuLayers (--gpu-layers), only ${deviceNames(devices)}. ` +
        'Install the driver of the GPU (for a CUDA build also the CUDA 13 runtime with cuBLAS), or use 0 GPU layers.',
      [library.folder],
    );
  }
  return { ...library, devices };
}

/** Devices under llama.cpp's names and the makers'. */
export function deviceNames(devices: readonly LlamaDevice[]): string {
  return devices.map(({ name, description }) => `${name} (${description})`).join(', ') || 'none';
}

/**
 * What of a model GPUs compute, as identities and provenance have it; undefined where they compute nothing.
 *
 * @throws {NativeLoadError} as loadLlamaLibrary
 */
export async function describeGpu(gpuLayers: number): Promise<string | undefined> {
  if (gpuLayers === 0) return undefined;
  const { devices } = await loadLlamaLibrary({ gpu: true });
  return `${deviceNames(devices.filter(({ isGpu }) => isGpu))}, ${gpuLayers} layers`;
}

async function nativeBuild(library: LlamaLibrary) {
  try {
    return await loadAddon().llamaBuild(library);
  } catch (cause) {
    const { message } = cause as Error;
    throw new NativeLoadError(
      'ERR_LLAMA_LOAD',
      `${message}. ${cure(library.packageName)}`,
      [library.folder],
      { cause },
    );
  }
}

/** What to do about a build that cannot be used; `source` is its package, or the folder that the user named. */
function cure(source: string): string {
  const version = llamaCpp.packageVersion;
  return source.startsWith('@')
    ? `Run "npm install ${source}@${version}".`
    : `Set SPARSETUNE_LLAMA to the folder of such a build (bins/<platform> of @node-llama-cpp/<platform> ${version}), or unset it.`;
}

function findPackage(gpu: boolean): {
  folder: string;
  packageName: string;
  packageVersion: string;
} {
  const platform = `${process.platform}-${process.arch}`;
  const packages = platformPackages[platform];
  const names = gpu ? (packages?.gpu ?? []) : packages === undefined ? [] : [packages.cpu];
  if (names.length === 0) {
    throw new NativeLoadError(
      'ERR_LLAMA_LOAD',
      gpu
        ? `There is no prebuilt llama.cpp with a GPU back end for ${platform}, as gpuLayers (--gpu-layers) needs it. Set SPARSETUNE_LLAMA to the folder of a build, or use 0 GPU layers.`
        : `There is no prebuilt llama.cpp for ${platform}. Set SPARSETUNE_LLAMA to the folder of a build.`,
      [],
    );
  }
  const require = createRequire(import.meta.url);
  const tried: string[] = [];
  for (const name of names) {
    const packageName = `@node-llama-cpp/${name}`;
    const places = require.resolve.paths(packageName) ?? [];
    const root = places.map((place) => join(place, packageName)).find((path) => existsSync(path));
    tried.push(...places);
    if (root === undefined) continue;
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      version: string;
    };
    return { folder: join(root, 'bins', name), packageName, packageVersion: version };
  }
  throw absentPackage(gpu, names, [...new Set(tried)]);
}

function absentPackage(gpu: boolean, names: readonly string[], places: string[]): NativeLoadError {
  const install = names
    .map((name) => `"npm install @node-llama-cpp/${name}@${llamaCpp.packageVersion}"`)
    .join(' or ');
  const what = gpu
    ? `No llama.cpp with a GPU back end is installed, as gpuLayers (--gpu-layers) needs it. Run ${install}, or use 0 GPU layers.`
    : `The package @node-llama-cpp/${names[0]} is not installed. Run ${install}.`;
  return new NativeLoadError(
    'ERR_LLAMA_LOAD',
    `${what} Looked in:\n  ${places.join('\n  ')}`,
    places,
  );
}

function readRelease(folder: string, cure: string): string {
  const file = join(folder, '_nlcBuildMetadata.json');
  try {
    const { buildOptions } = JSON.parse(readFileSync(file, 'utf8')) as {
      buildOptions: { llamaCpp: { release: string } };
    };
    return buildOptions.llamaCpp.release;
  } catch (cause) {
    throw new NativeLoadError(
      'ERR_LLAMA_LOAD',
      `${folder} holds no llama.cpp build of node-llama-cpp: could not read ${file}. ${cure}`,
      [dirname(file)],
      { cause },
    );
  }
}

/** The names carry the release, and the variant where there is one. */
function libraryNames(folder: string): LlamaLibraryPaths {
  const files = readdirSync(folder);
  const find = (pattern: RegExp): string => {
    const file = files.find((name) => pattern.test(name));
    if (file !== undefined) return file;
    throw new NativeLoadError('ERR_LLAMA_LOAD', `No file like ${pattern} lies in ${folder}.`, [
      folder,
    ]);
  };
  return {
    folder,
    ggmlBase: find(/^(lib)?ggml-base\.(so|dylib|dll)$/),
    ggml: find(/^(lib)?ggml(\.[a-z]+)?(\.v[\d.]+)?\.(so|dylib|dll)$/),
    llama: find(/^(lib)?llama(\.[a-z]+)?(\.v[\d.]+)?\.(so|dylib|dll)$/),
  };
}
