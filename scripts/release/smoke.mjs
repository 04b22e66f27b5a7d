// Loads the addon that SPARSETUNE_NATIVE names and holds its best kernels against the scalar ones; prints its instruction
// set. With SPARSETUNE_CUDA=on it must have been built with CUDA. Runs in an emulated Node too, where the command line would
// take minutes.
import { loadCompiled } from '../setup/process.mjs';

const { loadAddon } = await loadCompiled('ts/native/addon.js');
const { info } = await loadCompiled('ts/native/info.js');
const { KvCache } = await loadCompiled('ts/attention/kv-cache.js');
const { SparseAttention } = await loadCompiled('ts/attention/sparse-attention.js');

const shape = { nKvHeads: 2, headDim: 64 };
const [nQHeads, nKv] = [4, 300];
const maxDifference = 1e-5;

const wave = (length, step) => Float32Array.from({ length }, (_, i) => Math.sin(i * step));
const kv = new KvCache({ ...shape, dtype: 'f16', capacity: nKv });
const n = shape.nKvHeads * nKv * shape.headDim;
kv.append(wave(n, 0.37), wave(n, 0.11));
const queries = wave(nQHeads * shape.headDim, 0.73);
const maskers = [
  { kind: 'sink', sinkSize: 4 },
  { kind: 'top_k', heavySize: 20 },
];
const [best, scalar] = [{}, { isa: 'scalar' }].map((options) =>
  new SparseAttention({ maskers }, { nQHeads, ...options }).forward(queries, kv),
);
const difference = Math.max(...best.output.map((x, i) => Math.abs(x - scalar.output[i])));
if (!(difference <= maxDifference && best.density === scalar.density)) {
  throw new Error(`outputs differ by ${difference}, densities ${best.density}, ${scalar.density}`);
}
if (process.env['SPARSETUNE_CUDA'] === 'on' && !info().cudaBuilt) {
  throw new Error('SPARSETUNE_CUDA=on, but the addon was built without CUDA');
}
console.log(loadAddon().bestIsa);
