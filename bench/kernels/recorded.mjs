// Keys and queries of a real model: SmolLM2 reads the sources of this repository.
//
// The model has 3 KV heads of 64 channels and 9 query heads; contexts of 4096 tokens are read one by one until there
// are as many keys as wanted. A KV head of 128 channels is two recorded heads of one layer side by side, its queries
// likewise: what such a head scores is the sum of what the two score. The four queries of a group are the three of
// the recorded group at the last token and the first of them at the token before. Values are Gaussian.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Model } from '../../build/ts/ts/engine/model.js';
import { homeFolders, resolveHome } from '../../build/ts/ts/home.js';
import { testModels } from '../../build/ts/ts/models/test-models.js';
import { loadAddon } from '../../build/ts/ts/native/addon.js';
import { usableThreads } from '../../build/ts/ts/threads.js';
import { listFiles, root } from '../../scripts/setup/process.mjs';

const contextTokens = 4096;
const nLayers = 4; // two wide heads of each
const wide = { nKvHeads: 8, groupSize: 4, headDim: 128 };

const recordedKeys = 32768;

/**
 * The last `nKv` of the recorded keys; recorded once, kept in the home folder.
 *
 * @returns {Promise<{ keys: Float32Array[], queries: Float32Array }>} keys by KV head, `[nKv, 128]`, and queries
 *   `[32, 128]` at the position after them
 */
export async function recordedHeads(nKv) {
  if (nKv > recordedKeys) throw new Error(`only ${recordedKeys} keys are recorded`);
  const folder = join(resolveHome(), 'bench');
  const about = JSON.stringify([1, recordedKeys, wide, nLayers]);
  const name = createHash('sha256').update(about).digest('hex').slice(0, 8);
  const path = join(folder, `recorded-${recordedKeys}-${name}.f32`);
  if (!existsSync(path)) {
    await mkdir(folder, { recursive: true });
    const recorded = await record(recordedKeys);
    await writeFile(`${path}.${process.pid}`, new Uint8Array(recorded.buffer));
    await rename(`${path}.${process.pid}`, path);
  }
  const bytes = await readFile(path);
  const floats = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const end = (head) => (head + 1) * recordedKeys * wide.headDim;
  return {
    keys: Array.from({ length: wide.nKvHeads }, (_, head) =>
      floats.subarray(end(head) - nKv * wide.headDim, end(head)),
    ),
    queries: floats.slice(end(wide.nKvHeads - 1)),
  };
}

async function record(nKv) {
  const { file } = testModels.find(({ name }) => name === 'smollm2');
  const path = join(homeFolders(resolveHome()).models, file);
  const model = await Model.load(path, { threads: usableThreads().threads });
  const { layers } = model.info;
  const chosen = Array.from({ length: nLayers }, (_, i) =>
    Math.floor(((i + 0.5) * layers.length) / nLayers),
  );
  const nContexts = Math.ceil(nKv / contextTokens);
  const tokens = await sourceTokens(model, nContexts * contextTokens + 2);
  const result = new Float32Array(wide.nKvHeads * (nKv + wide.groupSize) * wide.headDim);
  for (let context = 0; context < nContexts; context++) {
    const first = context * contextTokens;
    const n = Math.min(contextTokens, nKv - first);
    process.stderr.write(`recording keys of ${first + n} tokens of ${nKv}\n`);
    const payload = await model.prefill(tokens.subarray(first, first + n));
    copyKeys(payload, { layers, chosen, n, first, nKv }, result);
    if (context === nContexts - 1) {
      const last = { snapshot: model.snapshot(payload, n), tokens: tokens.subarray(first + n) };
      await copyQueries(model, last, chosen, result.subarray(wide.nKvHeads * nKv * wide.headDim));
    }
  }
  await model.releasePrefill();
  return result;
}

async function sourceTokens(model, count) {
  const texts = await Promise.all(
    ['README.md', ...listFiles('docs'), ...listFiles('ts'), ...listFiles('native')].map((path) =>
      readFile(join(root, path), 'utf8'),
    ),
  );
  const tokens = model.tokenize(texts.join('\n'));
  if (tokens.length < count) throw new Error(`the sources are only ${tokens.length} tokens`);
  return tokens.subarray(0, count);
}

/** A wide KV head `w` is the recorded heads `pairs[w % 2]` of the layer `chosen[w / 2]`. */
const pairs = [
  [0, 1],
  [1, 2],
];

function copyKeys(payload, { layers, chosen, n, first, nKv }, result) {
  const halves = new Uint16Array(payload.buffer, payload.byteOffset, payload.byteLength / 2);
  const offsets = [0];
  for (const { nKvHeads, headDim } of layers) {
    offsets.push(offsets.at(-1) + 2 * nKvHeads * n * headDim);
  }
  for (let head = 0; head < wide.nKvHeads; head++) {
    const layer = chosen[head >> 1];
    const { headDim } = layers[layer];
    for (const [part, source] of pairs[head % 2].entries()) {
      const begin = offsets[layer] + source * n * headDim;
      const rows = loadAddon().kernels.fromHalf(halves.slice(begin, begin + n * headDim));
      for (let row = 0; row < n; row++) {
        const to = (head * nKv + first + row) * wide.headDim + part * headDim;
        result.set(rows.subarray(row * headDim, (row + 1) * headDim), to);
      }
    }
  }
}

async function copyQueries(model, { snapshot, tokens }, chosen, queries) {
  const stream = model.stream(snapshot, { maskers: [], semantics: 'exact' }, 2);
  const capture = model.capture(snapshot, chosen, 2);
  await model.decode([
    { stream, tokens: tokens.slice(0, 2), targets: Int32Array.of(0), nIds: 0, capture },
  ]);
  for (let head = 0; head < wide.nKvHeads; head++) {
    const layer = chosen[head >> 1];
    const { headDim, nKvHeads, nQHeads } = model.info.layers[layer];
    const groupSize = nQHeads / nKvHeads;
    const recorded = capture.queries(layer); // [nQHeads, 2, headDim]
    for (const [part, source] of pairs[head % 2].entries()) {
      for (let g = 0; g < wide.groupSize; g++) {
        const from = (source * groupSize + (g % groupSize)) * 2 + (g < groupSize ? 1 : 0);
        const to = (head * wide.groupSize + g) * wide.headDim + part * headDim;
        queries.set(recorded.subarray(from * headDim, (from + 1) * headDim), to);
      }
    }
  }
}
