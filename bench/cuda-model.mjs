// A MODEL, not a measurement: the time of one layer's attention on a GPU, from what the emulator counts that the CUDA
// kernels read, write and launch (test/simt/cuda-calls.json, which npm run test:simt holds them to).
//
//   npm run bench:cuda-model -- [--write] [--count]
//
// --write: into docs/cuda.md. --count: counts anew first, with the addon that npm run build:emulated makes.
//
// One query position of a model with 32 query heads, 8 KV heads and head_dim 128 in f16 (Llama-3.1-8B).
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { markdown } from './lib/markdown.mjs';
import { replaceBetween } from './lib/replace-between.mjs';

const gpus = [
  { name: 'H100 SXM', bytesPerSecond: 3.35e12 },
  { name: 'RTX 4090', bytesPerSecond: 1.008e12 },
];
const share = 0.75;
const secondsPerLaunch = 3e-6;
const lengths = [4096, 32768, 131072];
const shown = 32768; // for columns that have room for one length
const kvHeads = 8;
const pathOf = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));
const table = pathOf('test/simt/cuda-calls.json');

const { values } = parseArgs({
  options: { write: { type: 'boolean' }, count: { type: 'boolean' } },
});
if (values.count) await count();
const counted = JSON.parse(readFileSync(table, 'utf8'));
const [low, high] = Object.keys(counted).map(Number);

/** What was counted at two numbers of keys is a line. */
function at(n, name, quantity) {
  const [first, second] = [low, high].map((nKv) => counted[nKv][name][quantity]);
  return first + ((second - first) * (n - low)) / (high - low);
}

function microseconds(name, n, { bytesPerSecond }) {
  const bytes = kvHeads * at(n, name, 'bytes');
  const launches = at(n, name, 'launches');
  return 1e6 * (bytes / (share * bytesPerSecond) + launches * secondsPerLaunch);
}

function percent(part) {
  return `${(100 * part).toFixed(part < 0.1 ? 1 : 0)} %`;
}

const columns = gpus.flatMap((gpu) => lengths.map((n) => ({ gpu, n })));
const rows = Object.keys(counted[low]).map((name) => [
  name,
  percent(at(shown, name, 'keys') / shown),
  at(shown, name, 'launches'),
  ((kvHeads * at(shown, name, 'bytes')) / 1e6).toPrecision(3),
  ...columns.map(({ gpu, n }) => {
    const time = microseconds(name, n, gpu);
    return `${time.toFixed(0)} (${(microseconds('dense', n, gpu) / time).toFixed(1)})`;
  }),
]);
const k = shown / 1024;
const text = `A model, not a measurement: microseconds of one layer at one position, from bytes at ${100 * share} % of the peak bandwidth and
${1e6 * secondsPerLaunch} µs a launch. In brackets: dense / method.

${markdown(
  [
    'method',
    `keys of a head, ${k}k`,
    'launches',
    `MB, ${k}k`,
    ...columns.map(({ gpu, n }) => `${gpu.name}, ${n / 1024}k`),
  ],
  rows,
).join('\n')}`;
console.log(text);
if (values.write) await replaceBetween(pathOf('docs/cuda.md'), 'cuda-model', text);

async function count() {
  process.env.SPARSETUNE_NATIVE = pathOf('build/emulated/Release/sparsetune.node');
  const { countedKeys, countCalls } = await import('../build/ts/test/helpers/cuda-calls.js');
  const all = Object.fromEntries(countedKeys.map((nKv) => [nKv, countCalls(nKv)]));
  writeFileSync(table, `${JSON.stringify(all, null, 2)}\n`);
}
