// TypeScript and the native addon, each rebuilt only when its sources changed.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { CudaError, findCuda } from '../../native/cuda/nvcc.mjs';
import { onChange, root, run, SetupError, step } from './process.mjs';

const nativeInputs = ['native', '.deps/llama/version.json', 'package-lock.json'];

/** Into build/ts, which then has nothing of sources that are gone. */
export function buildTypeScript() {
  const stamp = {
    inputs: ['ts', 'test', 'tsconfig.json', 'package-lock.json'],
    outputs: ['build/ts/ts/home.js'],
    stamp: 'build/ts/.stamp',
  };
  onChange(stamp, () => {
    step('TypeScript: tsc');
    rmSync(join(root, 'build/ts'), { recursive: true, force: true });
    npmRun('build:ts');
  });
}

/** cmake-js, into build/cmake/Release. */
export function buildNative() {
  const build = {
    inputs: [...nativeInputs, 'CMakeLists.txt'],
    extra: settings(),
    outputs: ['build/cmake/Release/sparsetune.node'],
    stamp: 'build/cmake/.stamp',
  };
  onChange(build, () => {
    step('native addon: cmake-js');
    // Whether there is CUDA is looked up only where nothing is remembered.
    rmSync(join(root, 'build/cmake/CMakeCache.txt'), { force: true });
    npmRun('build:native');
  });
}

/** cmake-js with the address sanitizer, into build/asan; the programs of test/native too. */
export function buildAddressSanitized() {
  const build = {
    inputs: [...nativeInputs, 'test/native', 'CMakeLists.txt'],
    extra: process.version,
    outputs: ['build/asan/Release/sparsetune.node', 'build/asan/fuzz_chain_driver'],
    stamp: 'build/asan/.stamp',
  };
  onChange(build, () => npmRun('build:asan'));
}

/** node-gyp, into build/Release. Never `rebuild`, which removes the whole of build/. */
export function buildGyp() {
  const build = {
    inputs: [...nativeInputs, 'binding.gyp'],
    extra: settings(),
    outputs: ['build/Release/sparsetune.node'],
    stamp: 'build/Release/.stamp',
  };
  onChange(build, () => {
    step('native addon: node-gyp');
    npmRun('build:gyp');
  });
}

/** What a build depends on besides its sources. */
function settings() {
  try {
    const cuda = findCuda();
    const archs = process.env.SPARSETUNE_CUDA_ARCHS ?? '';
    return `${process.version} ${cuda === undefined ? 'no CUDA' : `${cuda.nvcc} ${archs}`}`;
  } catch (error) {
    throw error instanceof CudaError ? new SetupError(error.message) : error;
  }
}

/** Through npm, so that its settings (a local copy of node's headers, a proxy) reach the build tools. */
function npmRun(script) {
  run('npm', ['run', '--silent', script]);
}
