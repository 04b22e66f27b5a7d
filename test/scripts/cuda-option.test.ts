import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

test("CMake's SPARSETUNE_CUDA=off wins over the environment", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sparsetune-cmake-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const options = ['-DSPARSETUNE_CUDA=off', '-DSPARSETUNE_CUDA_TESTS=ON'];
  const args = ['-S', root, '-B', folder, '-G', 'Unix Makefiles', ...options];
  // Where there is no nvcc, `on` would end here.
  execFileSync('cmake', args, { env: { ...process.env, SPARSETUNE_CUDA: 'on' }, stdio: 'ignore' });
  const rules = await readFile(join(folder, 'CMakeFiles/cuda_test.dir/build.make'), 'utf8');
  t.true(rules.includes('gpu_test.cpp'));
  t.false(rules.includes('nvcc'));
});
