// What a small model answers with dense attention on every task that is generated, and what a question costs. Each task
// has the first of the lengths that its prompts fit into. Costs are CPU time of one thread, which other work on the
// machine changes little.
//
//   npm run bench:tasks -- [--write] [--model smollm2] [--task ID,ID...] [--length 512,1024] [--prompt auto]
//                          [--split search]
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Engine } from '../build/ts/ts/engine/engine.js';
import { resolveHome } from '../build/ts/ts/home.js';
import { resolveModel } from '../build/ts/ts/models/model-source.js';
import { resolveTask, resolveTasks } from '../build/ts/ts/tasks/registry.js';
import { prepareSplit, renderSplit } from '../build/ts/ts/tune/prepare-split.js';
import { markdown } from './lib/markdown.mjs';
import { replaceBetween } from './lib/replace-between.mjs';

const { values } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    model: { type: 'string', default: 'smollm2' },
    task: { type: 'string', default: 'niah_mq8,ruler/generated,infinite_bench/generated' },
    length: { type: 'string', default: '512,1024' },
    prompt: { type: 'string', default: 'auto' },
    split: { type: 'string', default: 'search' },
  },
});
const columns = [
  'task',
  'questions',
  'dense accuracy',
  'dense score by generation',
  'CPU s of prefill a context',
  'CPU s a question',
];

const dense = { maskers: [] };
const lengths = values.length.split(',').map(Number);
const { path, fingerprint } = await resolveModel(values.model, { home: resolveHome() });
const snapshotFolder = await mkdtemp(join(tmpdir(), 'sparsetune-tasks-')); // so that prefill is really paid
try {
  const engine = await Engine.load(path, { fingerprint, threads: 1, snapshotFolder });
  const ids = values.task.split(',').map((name) => `${name}@${lengths[0]}`);
  const rows = [];
  for (const { id } of resolveTasks(ids)) {
    const row = await measure(engine, await firstThatFits(engine, id.replace(/@.*/, '')));
    console.error(row.join('  '));
    rows.push(row);
  }
  const title = `${values.model}, ${values.split} split, one thread`;
  const text = [title, '', ...markdown(columns, rows)].join('\n');
  console.log(text);
  if (values.write) await replaceBetween('docs/tasks.md', 'tasks', text);
} finally {
  await rm(snapshotFolder, { recursive: true });
}

/** The prompts of a task at the first length that is not too short. */
async function firstThatFits(engine, name) {
  for (const length of lengths) {
    const task = resolveTask(`${name}@${length}`, { promptStyle: values.prompt });
    try {
      return await renderSplit(engine, task, values.split);
    } catch (error) {
      if (length === lengths.at(-1) || !/ is too short/.test(error.message)) throw error;
    }
  }
  throw new Error('--length names no length');
}

/** A row of the table. */
async function measure(engine, rendered) {
  let start = cpuSeconds();
  let prefill = 0;
  const { prepared, contexts } = await prepareSplit(engine, rendered, {
    emit({ event, phase }) {
      if (event === 'phase' && phase === 'reference') prefill = cpuSeconds() - start;
    },
  });
  const { questions } = prepared;
  const n = questions.questions.length;
  start = cpuSeconds();
  await questions.evaluate([{ chain: dense, from: 0, to: n }]);
  const forced = cpuSeconds() - start;
  const score = questions.reference.scores.reduce((sum, value) => sum + value, 0) / n;
  return [
    rendered.task.id,
    n,
    questions.denseAccuracy.toFixed(2),
    score.toFixed(2),
    (prefill / contexts).toFixed(1),
    (forced / n).toFixed(2),
  ];
}

function cpuSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
