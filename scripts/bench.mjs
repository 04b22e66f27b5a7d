// Sets up what is missing and runs a benchmark of bench/ by its name, with the arguments that follow.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fail, root } from './setup/process.mjs';
import { setup } from './setup.mjs';

const [name, ...args] = process.argv.slice(2);
try {
  await setup({ models: ['smollm2'] });
  const { status } = spawnSync(process.execPath, [join(root, 'bench', `${name}.mjs`), ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
} catch (error) {
  fail(error);
}
