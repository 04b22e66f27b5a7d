// Biome, clang-format, clang-tidy and the checks on the tree. `--fix` formats what can be formatted.
import { join } from 'node:path';
import { openNativeTools } from './lint/native.mjs';
import { checkTree } from './lint/tree.mjs';
import { fail, loadCompiled, root, run, SetupError, step } from './setup/process.mjs';
import { installSystemPackages } from './setup/system-packages.mjs';
import { setup } from './setup.mjs';

const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
const isFixing = process.argv.includes('--fix');
const biomeOptions = ['--error-on-warnings', ...(isFixing ? ['--write'] : [])];

async function lint() {
  installSystemPackages({ lint: true });
  await setup();
  const { resolveHome } = await loadCompiled('ts/home.js');
  const native = await openNativeTools(resolveHome());
  const results = [
    await passes('biome', () => run(process.execPath, [biome, 'check', ...biomeOptions])),
    await passes('tree', checkTree),
    await passes('clang-format', () => native.format(isFixing)),
    await passes('clang-tidy', () => native.tidy()),
  ];
  if (results.includes(false)) throw new SetupError('lint: see above');
}

/** Runs one check; a failure is printed and the others still run. */
async function passes(name, check) {
  step(name);
  try {
    await check();
    return true;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    step(error.message);
    return false;
  }
}

await lint().catch(fail);
step('lint: nothing found');
