import { runFolder } from '../golden-runner/run-folder.js';

const folder = process.argv[2];
if (folder === undefined) {
  console.error('Usage: npm run golden -- DIR');
  process.exit(2);
}
const results = runFolder(folder);
const failed = results.filter(({ failure }) => failure !== undefined);
for (const { title, failure } of failed) console.log(`FAIL ${title}: ${failure}`);
console.log(`${results.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
