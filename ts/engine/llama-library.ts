import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { NativeLoadError } from '../errors.js';
import { loadAddon } from '../native/addon.js';
import type { LlamaLibraryPaths } from '../native/llama-addon.js';

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

const platformPackages: Readonly<Record<string, string>> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-arm64': 'mac-arm64-metal',
  'darwin-x64': 'mac-x64',
  'win32-x64': 'win-x64',
  'win32-arm64': 'win-arm64',
};

/**
 * Finds the prebuilt llama.cpp: the folder in `SPARSETUNE_LLAMA` if set, else the npm package of this platform.
 *
 * @throws {NativeLoadError} `ERR_LLAMA_LOAD` where it is absent, `ERR_LLAMA_VERSION` where it is another version
 */
export function findLlamaLibrary(env: NodeJS.ProcessEnv = process.env): LlamaLibrary {
  const named = env['SPARSETUNE_LLAMA'];
  const isPackage = named === undefined || named === '';
  const { folder, packageName, packageVersion } = isPackage
    ? findPackage()
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
 * Finds and loads the library, and checks that it is the very build.
 *
 * @throws {NativeLoadError} as findLlamaLibrary
 */
export async function loadLlamaLibrary(): Promise<LlamaLibrary> {
  const library = findLlamaLibrary();
  const { ggmlCommit } = await nativeBuild(library);
  if (ggmlCommit !== llamaCpp.ggmlCommit) {
    throw new NativeLoadError(
      'ERR_LLAMA_VERSION',
      `The llama.cpp in ${library.folder} is of ggml commit ${ggmlCommit} but ${llamaCpp.ggmlCommit} is needed. ` +
        cure(library.packageName),
      [library.folder],
    );
  }
  return library;
}

async function nativeBuild(library: LlamaLibrary): Promise<{ ggmlCommit: string }> {
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

function findPackage(): { folder: string; packageName: string; packageVersion: string } {
  const platform = platformPackages[`${process.platform}-${process.arch}`];
  if (platform === undefined) {
    throw new NativeLoadError(
      'ERR_LLAMA_LOAD',
      `There is no prebuilt llama.cpp for ${process.platform}-${process.arch}. Set SPARSETUNE_LLAMA to the folder of a build.`,
      [],
    );
  }
  const packageName = `@node-llama-cpp/${platform}`;
  const require = createRequire(import.meta.url);
  const places = require.resolve.paths(packageName) ?? [];
  const root = places.map((place) => join(place, packageName)).find((path) => existsSync(path));
  if (root === undefined) {
    throw new NativeLoadError(
      'ERR_LLAMA_LOAD',
      `The package ${packageName} is not installed. Run "npm install ${packageName}@${llamaCpp.packageVersion}". Looked in:\n  ${places.join('\n  ')}`,
      places,
    );
  }
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  return { folder: join(root, 'bins', platform), packageName, packageVersion: version };
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
