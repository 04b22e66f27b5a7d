// Runs golden cases of sparse-attention-hub: npm run golden -- DIR
import { join, resolve } from 'node:path';
import { fail, root, run } from './setup/process.mjs';
import { setup } from './setup.mjs';

try {
  await setup();
  const folders = process.argv.slice(2).map((folder) => resolve(folder));
  run(process.execPath, [join(root, 'build/ts/test/golden/run.js'), ...folders]);
} catch (error) {
  fail(error);
}
