import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { temporaryFolder } from '../helpers/folder.js';

/** The lowest weekly cost over 900 weeks, by trying all of the part of the space that serves twenty a week. */
const EXHAUSTIVE = `
let lowest = Infinity;
for (let reorderAt = 0; reorderAt <= 80; reorderAt++)
  for (let orderSize = 10; orderSize <= 130; orderSize++)
    for (const supplier of ['near', 'far'])
      lowest = Math.min(lowest, weeklyCost({ reorderAt, orderSize, supplier }, 900));
const costs = [coarse, fine, warm].map((study) => weeklyCost(study.best(1)[0].params, 900));
console.log(JSON.stringify({ lowest, costs, imported: fine.trials.filter(({ isImported }) => isImported).length }));
`;

test('the example of docs/search.md runs and comes near to the best there is', async (t) => {
  const document = await readFile('docs/search.md', 'utf8');
  const blocks = [...document.matchAll(/```js\n(.*?)```/gs)].map(([, code = '']) => code);
  t.is(blocks.length, 3);
  const index = pathToFileURL(join(process.cwd(), 'build/ts/ts/index.js')).href;
  const file = join(await temporaryFolder(t), 'example.mjs');
  await writeFile(file, [...blocks, EXHAUSTIVE].join('\n').replace("'sparsetune'", `'${index}'`));
  const { stdout } = await promisify(execFile)(process.execPath, [file]);
  const { lowest, costs, imported } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as {
    lowest: number;
    costs: readonly number[];
    imported: number;
  };
  const [coarse = Infinity, fine = Infinity, warm = Infinity] = costs;
  t.true(coarse < 1.1 * lowest);
  t.true(fine <= coarse);
  t.true(warm < 1.1 * lowest);
  t.true(imported > 0);
});
