// Makes a bare clone ready to build, test and run: system packages, npm packages, llama.cpp headers,
// both compilers' output and the test models. Plain node; says nothing where nothing is to be done.
//
//   node scripts/setup.mjs [--gemma] [--no-model] [--haystack] [--gyp] [--home DIR]
import { parseArgs } from 'node:util';
import { buildGyp, buildNative, buildTypeScript } from './setup/build.mjs';
import { installHaystack } from './setup/haystack.mjs';
import { installLlamaHeaders } from './setup/llama-headers.mjs';
import { installNpmPackages } from './setup/npm-packages.mjs';
import { fail, isMain, loadCompiled, step } from './setup/process.mjs';
import { installSystemPackages } from './setup/system-packages.mjs';
import { installTestModel } from './setup/test-model.mjs';

/**
 * @param {{ models?: string[], home?: string }} options - models: names of ts/models/test-models.ts
 */
export async function setup({ models = [], home } = {}) {
  installSystemPackages();
  installNpmPackages();
  buildTypeScript();
  const { resolveHome } = await loadCompiled('ts/home.js');
  const folder = resolveHome(home);
  installLlamaHeaders(folder);
  buildNative();
  const { testModels } = await loadCompiled('ts/models/test-models.js');
  for (const model of testModels) {
    if (models.includes(model.name)) await installTestModel(model, folder);
  }
}

if (isMain(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      gyp: { type: 'boolean', default: false },
      gemma: { type: 'boolean', default: false },
      haystack: { type: 'boolean', default: false },
      model: { type: 'boolean', default: true },
      home: { type: 'string' },
    },
    allowNegative: true,
  });
  const models = values.model ? ['smollm2', ...(values.gemma ? ['gemma3'] : [])] : [];
  await setup({ models, home: values.home }).catch(fail);
  if (values.haystack) installHaystack();
  if (values.gyp) buildGyp();
  step('ready');
}
