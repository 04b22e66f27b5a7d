// What a trial costs when the contexts are prefilled once, and what it would cost with a prefill of its own.
//
//   npm run bench:trial-cost -- [--write] [--model smollm2] [--task niah_mq8@2048] [--rounds 3] [--threads N]
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { Engine } from '../build/ts/ts/engine/engine.js';
import { resolveHome } from '../build/ts/ts/home.js';
import { getPreset } from '../build/ts/ts/maskers/presets.js';
import { resolveModel } from '../build/ts/ts/models/model-source.js';
import { AshaScheduler } from '../build/ts/ts/search/asha-scheduler.js';
import { resolveTask } from '../build/ts/ts/tasks/registry.js';
import { usableThreads } from '../build/ts/ts/threads.js';
import { prepareSplit, renderSplit } from '../build/ts/ts/tune/prepare-split.js';
import { replaceBetween } from './lib/replace-between.mjs';

const lines = [];
const { values } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    model: { type: 'string', default: 'smollm2' },
    task: { type: 'string', default: 'niah_mq8@2048' },
    rounds: { type: 'string', default: '3' },
    threads: { type: 'string', default: String(usableThreads().threads) },
  },
});

const { path, fingerprint } = await resolveModel(values.model, { home: resolveHome() });
const snapshotFolder = await mkdtemp(join(tmpdir(), 'sparsetune-trial-cost-')); // so that prefill is really paid
const engine = await Engine.load(path, {
  fingerprint,
  threads: Number(values.threads),
  snapshotFolder,
});
const rendered = await renderSplit(engine, resolveTask(values.task), 'search');
const { prepared, contexts } = await prepareSplit(engine, rendered, { emit() {} });
await rm(snapshotFolder, { recursive: true });

const { questions, prefillMs, contextTokens } = prepared;
const all = questions.questions.length;
const { rungs } = new AshaScheduler({ maxResource: all });
const chain = getPreset('hash_attention').compose({
  sinkSize: 4,
  windowSize: 16,
  heavyFraction: 0.03,
});
const prefill = prefillMs / 1e3;
lines.push(
  `${values.model}, ${values.task}, ${engine.model.info.threads} threads, median of ${values.rounds}`,
);
lines.push(`prefill once: ${prefill.toFixed(1)} s (${contexts} contexts, ${contextTokens} tokens)`);
lines.push('', '| questions of the trial | s with kept prefill | s with its own prefill | ratio |');
lines.push('|---|---|---|---|');
for (const to of rungs) {
  const times = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    const start = performance.now();
    await questions.evaluate([{ chain, from: 0, to }]);
    times.push((performance.now() - start) / 1e3);
  }
  const kept = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];
  const used = new Set(questions.questions.slice(0, to).map(({ context }) => context)).size;
  const own = kept + (prefill * used) / contexts;
  lines.push(
    `| ${to} of ${all} | ${kept.toFixed(2)} | ${own.toFixed(2)} | ${(own / kept).toFixed(1)}x |`,
  );
}

const text = lines.join('\n');
console.log(text);
if (values.write) await replaceBetween('docs/engine.md', 'trial-cost', text);
