// The native code under the compiler's sanitizers: npm run test:sanitize [-- TEST...]
//
//   address and undefined behaviour: the addon, through the tests of the kernels, and a fuzzer of chains
//   threads: the thread pool, and a call of attention on several threads
//   libFuzzer: where clang has it, a minute from test/native/corpus and build/corpus
//
// Linux with g++ only: its sanitizer must be loaded into node before the addon is.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildAddressSanitized } from './setup/build.mjs';
import { fail, listFiles, output, root, run, SetupError, step } from './setup/process.mjs';
import { setup } from './setup.mjs';

const rooms = ['core', 'kernels', 'attention', 'maskers', 'golden-runner'];
const fuzzTests = ['test/fuzz/chains.test.ts', 'test/fuzz/kernels.test.ts'];
/** Inputs that a fuzzer once found; the folder may be empty. */
const foundBefore = 'test/native/corpus';
const nInputs = 4000;
const fuzzSeconds = 60;
const preloaded = ['libasan.so', 'libubsan.so', 'libstdc++.so'];

const options = {
  // Node frees next to nothing at exit, so a search for leaks reports node itself.
  ASAN_OPTIONS: 'detect_leaks=0:strict_string_checks=1:detect_stack_use_after_return=1',
  UBSAN_OPTIONS: 'print_stacktrace=1',
  // A test forks on purpose; the child's pool starts threads.
  TSAN_OPTIONS: 'die_after_fork=0:halt_on_error=1',
};
const env = { ...process.env, ...options };

async function sanitize(tests) {
  if (process.platform !== 'linux') throw new SetupError('test:sanitize runs on Linux only');
  await setup();
  for (const name of preloaded) libraryOf(name);
  process.env['CXX'] = 'g++';
  step('address sanitizer: build');
  buildAddressSanitized();
  step('address sanitizer: tests of the kernels');
  runTests(tests.length > 0 ? tests : kernelTests());
  step('address sanitizer: fuzzing chains');
  runProgram('build/asan/fuzz_chain_driver', [String(nInputs), '1', ...listFiles(foundBefore)]);
  step('thread sanitizer');
  const programs = ['thread_pool_test', 'forward_threads_test'];
  buildPrograms(
    'build/tsan',
    ['-DSPARSETUNE_SANITIZE=thread', '-DSPARSETUNE_NATIVE_TESTS=ON'],
    programs,
  );
  for (const program of programs) runProgram(`build/tsan/${program}`);
  runLibFuzzer();
}

function kernelTests() {
  const found = rooms.flatMap((room) => listFiles(`test/${room}`));
  return [...found.filter((path) => path.endsWith('.test.ts')), ...fuzzTests];
}

function runTests(tests) {
  const preload = preloaded.map(libraryOf).join(':');
  const ava = join(root, 'node_modules/ava/entrypoints/cli.mjs');
  const native = join(root, 'build/asan/Release/sparsetune.node');
  run(process.execPath, [ava, ...tests], {
    env: { ...env, LD_PRELOAD: preload, SPARSETUNE_NATIVE: native },
  });
}

/** The compiler's own copy, which the addon is linked with. */
function libraryOf(name) {
  const path = output('g++', [`-print-file-name=${name}`])?.trim();
  if (path === undefined || !existsSync(path)) {
    throw new SetupError(`no ${name} from g++; on Debian or Ubuntu: sudo apt-get install g++`);
  }
  return path;
}

function buildPrograms(folder, settings, programs) {
  run('cmake', ['-S', '.', '-B', folder, ...settings], { stdio: ['ignore', 'ignore', 2] });
  run('cmake', ['--build', folder, '--parallel', '2', '--target', ...programs], {
    stdio: ['ignore', 'ignore', 2],
  });
}

function runProgram(path, args = []) {
  run(join(root, path), args, { env });
}

function runLibFuzzer() {
  const target = `
    extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }`;
  const probe = ['-x', 'c++', '-fsanitize=fuzzer,address', '-', '-o', '/dev/null'];
  const isThere =
    output('clang++', probe, { input: target, stdio: ['pipe', 'pipe', 'ignore'] }) !== undefined;
  if (!isThere) {
    step('libFuzzer: skipped, there is no clang++ that has it');
    return;
  }
  step(`libFuzzer: ${fuzzSeconds} s`);
  const settings = [
    '-DCMAKE_CXX_COMPILER=clang++',
    '-DSPARSETUNE_SANITIZE=address',
    '-DSPARSETUNE_FUZZERS=ON',
  ];
  buildPrograms('build/fuzz', settings, ['fuzz_chain']);
  mkdirSync(join(root, 'build/corpus'), { recursive: true });
  runProgram('build/fuzz/fuzz_chain', [
    `-max_total_time=${fuzzSeconds}`,
    '-max_len=200',
    '-len_control=0',
    '-print_final_stats=1',
    '-artifact_prefix=build/',
    'build/corpus',
    ...(existsSync(join(root, foundBefore)) ? [foundBefore] : []),
  ]);
}

await sanitize(process.argv.slice(2)).catch(fail);
step('sanitizers: nothing found');
