// What our decode costs beside attention, against llama.cpp's own: one stream, one token a step, f16 keys and values.
// Ours reads two keys a layer (its attention time is measured and taken off), llama.cpp decodes over an emptied cache.
//
//   npm run bench:decode-overhead -- [--write] [--model smollm2] [--tokens 1024] [--rounds 7] [--steps 24] [--threads N]
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { Model } from '../build/ts/ts/engine/model.js';
import { resolveHome } from '../build/ts/ts/home.js';
import { resolveModel } from '../build/ts/ts/models/model-source.js';
import { usableThreads } from '../build/ts/ts/threads.js';
import { replaceBetween } from './lib/replace-between.mjs';

const lines = [];
const { values } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    model: { type: 'string', default: 'smollm2' },
    tokens: { type: 'string', default: '1024' },
    rounds: { type: 'string', default: '7' },
    steps: { type: 'string', default: '24' },
    threads: { type: 'string', default: String(usableThreads().threads) },
  },
});
const [nTokens, rounds, steps] = [values.tokens, values.rounds, values.steps].map(Number);

const { path } = await resolveModel(values.model, { home: resolveHome() });
const model = await Model.load(path, { threads: Number(values.threads) });
const filler = 'The lake is calm. The road is long. The moon is bright. Off we go. Now we return. ';
const tokens = model
  .tokenize(filler.repeat(Math.ceil((nTokens + steps) / 16)))
  .slice(0, nTokens + steps);
const payload = await model.prefill(tokens.slice(0, nTokens));
const snapshot = model.snapshot(payload, nTokens);
const least = {
  maskers: [
    { kind: 'sink', sinkSize: 1 },
    { kind: 'local', windowSize: 1 },
  ],
};
const dense = { maskers: [] };

/** Median milliseconds of a step, and of its attention. */
async function ours(chain) {
  const stream = model.stream(snapshot, chain, steps);
  const times = [];
  const attention = [];
  for (let step = 0; step < steps; step++) {
    const item = {
      stream,
      tokens: tokens.slice(nTokens + step, nTokens + step + 1),
      targets: Int32Array.of(0),
      nIds: 0,
    };
    const start = performance.now();
    const [{ attentionMs }] = await model.decode([item]);
    times.push(performance.now() - start);
    attention.push(attentionMs / model.info.threads); // thread time, shared by the threads
  }
  return { step: median(times), attention: median(attention) };
}

const plain = async (emptyCache) =>
  1e3 *
  (await model.plainSeconds(tokens.slice(0, nTokens + steps), steps, {
    flashAttention: true,
    kvType: 'f16',
    emptyCache,
  }));

const rows = [];
for (let round = 0; round < rounds; round++) {
  const theirs = await plain(true);
  const least_ = await ours(least);
  const theirDense = await plain(false);
  const ourDense = await ours(dense);
  rows.push({ theirs, ours: least_.step - least_.attention, theirDense, ourDense: ourDense.step });
}
const column = (name) => rows.map((row) => row[name]);
const spread = (list) =>
  `${median(list).toFixed(2)} (${Math.min(...list).toFixed(2)} to ${Math.max(...list).toFixed(2)})`;
const ratio = (a, b) => spread(rows.map((row) => row[a] / row[b]));
const title = `${values.model}, ${nTokens} tokens, ${model.info.threads} threads, ${rounds} rounds of ${steps} steps, alternating; median (least to most)`;
lines.push(title, '', '| | ms a token, or ratio |', '|---|---|');
const row = (name, cell) => lines.push(`| ${name} | ${cell} |`);
row('llama.cpp without attention', spread(column('theirs')));
row('ours without attention', spread(column('ours')));
row('ours / llama.cpp', ratio('ours', 'theirs'));
row('llama.cpp, dense', spread(column('theirDense')));
row('ours, dense', spread(column('ourDense')));
row('llama.cpp / ours, dense', ratio('theirDense', 'ourDense'));

const text = lines.join('\n');
console.log(text);
if (values.write) await replaceBetween('docs/engine.md', 'decode-overhead', text);

function median(list) {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
}
