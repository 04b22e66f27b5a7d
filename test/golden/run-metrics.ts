import { type MetricResult, runMetrics } from '../golden-runner/run-metrics.js';

const file = process.argv[2];
if (file === undefined) {
  console.error('Usage: npm run golden:metrics -- FILE');
  process.exit(2);
}
const results = runOrExit(file);
const failed = results.filter(({ failure }) => failure !== undefined);
for (const { title, failure } of failed) console.log(`FAIL ${title}: ${failure}`);
console.log(`${results.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;

/** A file that cannot be read or is none of this form ends in a message. */
function runOrExit(path: string): MetricResult[] {
  try {
    return runMetrics(path);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  }
}
