// A MODEL, not a measurement: the time of one layer's attention on a GPU, from the bytes that the CUDA kernels read and
// write and from their launches: npm run bench:cuda-model
//
// One position of a model with 32 query heads, 8 KV heads and head_dim 128 in 16 bit (Llama-3.1-8B). Bytes as
// test/simt/traffic_test.cpp pins them; real kernels reach a share of the peak bandwidth, and what is read twice may come
// from the cache.

const gpus = [
  { name: 'H100 SXM', bytesPerSecond: 3.35e12 },
  { name: 'RTX 4090', bytesPerSecond: 1.008e12 },
];
const share = 0.75;
const secondsPerLaunch = 3e-6;
const lengths = [4096, 32768, 131072];
const density = 0.05;
const [qHeads, kvHeads, headDim, elementBytes] = [32, 8, 128, 2];
const group = qHeads / kvHeads;
const row = headDim * elementBytes;
const [pageSize, lshL, lshK] = [16, 75, 10];

/** Keys and values of `n` listed keys of each KV head, the list, and each head's log weights. */
const gather = (n) => kvHeads * n * (2 * row + 4 + 4 * group);
const topK = (n) => qHeads * n * (4 + 5 * 4);
const sets = (n) => (qHeads * n * 3) / 8 + kvHeads * density * n * (4 + 4 * group);

const methods = [
  { name: 'dense', launches: 2, bytes: (n) => kvHeads * n * 2 * row },
  {
    name: 'the same keys, chosen for nothing',
    launches: 2,
    bytes: (n) => gather(density * n),
  },
  {
    name: 'top_k, keys in 16 bit',
    launches: 8,
    bytes: (n) => kvHeads * n * row + topK(n) + sets(n) + gather(density * n),
  },
  {
    name: 'top_k, int8 copy',
    launches: 9,
    bytes: (n) => kvHeads * n * (headDim + 4) + topK(n) + sets(n) + gather(density * n),
  },
  {
    name: `quest, pages of ${pageSize}`,
    launches: 8,
    bytes: (n) =>
      (kvHeads * n * 2 * row) / pageSize + topK(n / pageSize) + sets(n) + gather(density * n),
  },
  {
    name: `magic_pig (${lshK}, ${lshL}), buckets`,
    launches: 9,
    bytes: (n) =>
      (qHeads * lshL * n * 2) / 2 ** lshK +
      sets(n) +
      kvHeads * density * n * row +
      gather(density * n),
  },
];

function microseconds({ bytes, launches }, n, { bytesPerSecond }) {
  return 1e6 * (bytes(n) / (share * bytesPerSecond) + launches * secondsPerLaunch);
}

console.log(`A model, not a measurement: microseconds of one layer at density ${density}, from bytes at ${share * 100} % of the peak
bandwidth and ${secondsPerLaunch * 1e6} us a launch. In brackets: dense / method.
`);
const columns = gpus.flatMap((gpu) => lengths.map((n) => ({ gpu, n })));
const cells = ['method', 'launches', ...columns.map(({ gpu, n }) => `${gpu.name}, ${n / 1024}k`)];
console.log(`| ${cells.join(' | ')} |`);
console.log(`| ${cells.map(() => '---').join(' | ')} |`);
for (const method of methods) {
  const times = columns.map(({ gpu, n }) => {
    const time = microseconds(method, n, gpu);
    const ratio = microseconds(methods[0], n, gpu) / time;
    return `${time.toFixed(0)} (${ratio.toFixed(1)})`;
  });
  console.log(`| ${[method.name, method.launches, ...times].join(' | ')} |`);
}
