// Sets up what is missing, runs ava on what was compiled and closes with `N passed, N failed`.
// Arguments go to ava: npm test -- test/cache/winner-cache.test.ts
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { countTests } from './lib/count-tests.mjs';
import { fail, root } from './setup/process.mjs';
import { setup } from './setup.mjs';

await setup({ models: ['smollm2', 'gemma3'] }).catch(fail);

const color = process.stdout.isTTY ? ['--color'] : [];
const ava = spawn(
  process.execPath,
  [join(root, 'node_modules/ava/entrypoints/cli.mjs'), ...color, ...process.argv.slice(2)],
  { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
);
let printed = '';
ava.stdout.setEncoding('utf8').on('data', (text) => {
  printed += text;
  process.stdout.write(text);
});
process.on('SIGINT', () => {}); // ava stops by itself and reports what was pending
ava.on('close', (code) => {
  const { passed, failed } = countTests(printed, code === 0);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  process.exitCode = code === 0 && failed === 0 && passed > 0 ? 0 : 1;
});
