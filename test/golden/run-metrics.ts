import { runMetrics } from '../golden-runner/run-metrics.js';

const file = process.argv[2];
if (file === undefined) {
  console.error('Usage: npm run golden:metrics -- FILE');
  process.exit(2);
}
const results = runMetrics(file);
const failed = results.filter(({ failure }) => failure !== undefined);
for (const { title, failure } of failed) console.log(`FAIL ${title}: ${failure}`);
console.log(`${results.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
