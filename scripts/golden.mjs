// Runs golden cases of sparse-attention-hub: npm run golden -- DIR
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { fail, root } from './setup/process.mjs';
import { setup } from './setup.mjs';

try {
  await setup();
  const folders = process.argv.slice(2).map((folder) => resolve(folder));
  const runner = join(root, 'build/ts/test/golden/run.js');
  const { status } = spawnSync(process.execPath, [runner, ...folders], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
} catch (error) {
  fail(error);
}
