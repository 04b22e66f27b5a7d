// Runs golden cases of sparse-attention-hub: npm run golden -- DIR, npm run golden:metrics -- FILE
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { fail, root } from './setup/process.mjs';
import { setup } from './setup.mjs';

try {
  await setup();
  const [kind, ...paths] = process.argv.slice(2);
  const runner = join(
    root,
    'build/ts/test/golden',
    kind === 'metrics' ? 'run-metrics.js' : 'run.js',
  );
  const arguments_ = [runner, ...paths.map((path) => resolve(path))];
  const { status } = spawnSync(process.execPath, arguments_, { stdio: 'inherit' });
  process.exitCode = status ?? 1;
} catch (error) {
  fail(error);
}
