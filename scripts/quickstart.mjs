// The main job on a small real model: sets up what is missing, then tunes. Arguments are added to the command.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fail, root, step } from './setup/process.mjs';
import { setup } from './setup.mjs';

await setup({ models: ['smollm2'] }).catch(fail);

const args = [
  'tune',
  '--model',
  'smollm2',
  '--task',
  'niah_mq8@512',
  '--config',
  'hash_attention,magic_pig',
  '--trials',
  '27',
];
step(`npx sparsetune ${args.join(' ')}`);
const main = join(root, 'build/ts/ts/cli/main.js');
const child = spawn(process.execPath, [main, ...args, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
process.on('SIGINT', () => {}); // the child saves its state and says how to resume
child.on('close', (code) => {
  process.exitCode = code ?? 1;
});
