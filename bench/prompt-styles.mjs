// Dense accuracy of a model with plain prompts and with its chat template.
//
//   npm run bench:prompt-styles -- [--write] [--model smollm2] [--task niah_mq8@512] [--threads N]
import { parseArgs } from 'node:util';
import { Engine } from '../build/ts/ts/engine/engine.js';
import { homeFolders, resolveHome } from '../build/ts/ts/home.js';
import { resolveModel } from '../build/ts/ts/models/model-source.js';
import { resolveTask } from '../build/ts/ts/tasks/registry.js';
import { usableThreads } from '../build/ts/ts/threads.js';
import { prepareSplit, renderSplit } from '../build/ts/ts/tune/prepare-split.js';
import { replaceBetween } from './lib/replace-between.mjs';

const lines = [];
const { values } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    model: { type: 'string', default: 'smollm2' },
    task: { type: 'string', default: 'niah_mq8@512' },
    threads: { type: 'string', default: String(usableThreads().threads) },
  },
});

const home = resolveHome();
const { path, fingerprint } = await resolveModel(values.model, { home });
const snapshotFolder = homeFolders(home).snapshots;
const engine = await Engine.load(path, {
  fingerprint,
  threads: Number(values.threads),
  snapshotFolder,
});
const styles = engine.model.info.chatTemplate === '' ? ['plain'] : ['plain', 'chat'];
lines.push(`${values.model}, ${values.task}`, '');
lines.push('| prompts | split | questions | dense accuracy | dense score by generation |');
lines.push('|---|---|---|---|---|');
for (const promptStyle of styles) {
  for (const split of ['search', 'validation']) {
    const task = resolveTask(values.task, { promptStyle });
    const { prepared } = await prepareSplit(engine, await renderSplit(engine, task, split), {
      emit() {},
    });
    const { reference, denseAccuracy } = prepared.questions;
    const score = reference.scores.reduce((sum, value) => sum + value, 0) / reference.scores.length;
    const cells = [
      promptStyle,
      split,
      reference.scores.length,
      denseAccuracy.toFixed(3),
      score.toFixed(3),
    ];
    lines.push(`| ${cells.join(' | ')} |`);
  }
}

const text = lines.join('\n');
console.log(text);
if (values.write) await replaceBetween('docs/tasks.md', 'prompt-styles', text);
