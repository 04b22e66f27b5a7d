// Records tables of real attention for the search's own benchmark: every cell of a preset's grid on the questions of
// search and of validation, teacher-forced, as means over the rungs of the search.
//
//   npm run bench:attention-table -- [--preset hash_attention,magic_pig] [--task niah_mq8@512] [--model smollm2]
//                                    [--threads N]
//
// One cell takes some 20 s of one core. Each is kept in the home folder as soon as it is measured: what is stopped goes
// on where it was. A whole table is written to test/golden/attention-tables.
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Engine } from '../build/ts/ts/engine/engine.js';
import { llamaCpp } from '../build/ts/ts/engine/llama-library.js';
import { errorCode, writeFileAtomic } from '../build/ts/ts/files.js';
import { homeFolders, resolveHome } from '../build/ts/ts/home.js';
import { getPreset } from '../build/ts/ts/maskers/presets.js';
import { resolveModel } from '../build/ts/ts/models/model-source.js';
import { loadAddon } from '../build/ts/ts/native/addon.js';
import { AshaScheduler } from '../build/ts/ts/search/asha-scheduler.js';
import { canonicalJson, hashJson } from '../build/ts/ts/space/canonical-json.js';
import { resolveTask } from '../build/ts/ts/tasks/registry.js';
import { usableThreads } from '../build/ts/ts/threads.js';
import { prepareSplit, renderSplit } from '../build/ts/ts/tune/prepare-split.js';
import { version } from '../build/ts/ts/version.js';
import { attentionGrids } from './lib/attention-grids.mjs';
import {
  cellParams,
  gridCells,
  gridSpace,
  tableFolder,
  tableMetrics,
} from './lib/attention-table.mjs';

/** Of the draws inside the maskers, as `tune` has it by default. */
const seed = 0;
const { values } = parseArgs({
  options: {
    preset: { type: 'string', default: 'hash_attention,magic_pig' },
    task: { type: 'string', default: 'niah_mq8@512' },
    model: { type: 'string', default: 'smollm2' },
    threads: { type: 'string', default: String(usableThreads().threads) },
  },
});
const presets = values.preset.split(',').map((name) => name.trim());
const unknown = presets.find((name) => attentionGrids[name] === undefined);
if (unknown !== undefined) {
  console.error(
    `--preset: ${unknown} has no grid; there are ${Object.keys(attentionGrids).join(', ')}`,
  );
  process.exit(2);
}

const home = resolveHome();
const task = resolveTask(values.task);
const { path, fingerprint } = await resolveModel(values.model, { home });
const engine = await Engine.load(path, {
  fingerprint,
  threads: Number(values.threads),
  snapshotFolder: homeFolders(home).snapshots,
});
const splits = {};
for (const name of ['search', 'validation']) {
  splits[name] = await prepareSplit(engine, await renderSplit(engine, task, name), { emit() {} });
}
for (const name of presets) await recordTable(name);

async function recordTable(name) {
  const preset = getPreset(name);
  const levels = attentionGrids[name];
  const grid = { levels, space: gridSpace(levels, preset.space) };
  const cells = gridCells(grid.space).map((cell) => cellParams(grid, cell));
  checkCells(preset, cells);
  const origin = describe(name);
  const partial = join(
    home,
    'bench/attention-tables',
    `${fileName(name)}-${hashJson(origin).slice(0, 12)}.jsonl`,
  );
  const kept = await readPartial(partial);
  await mkdir(dirname(partial), { recursive: true });
  const start = performance.now();
  let measured = 0;
  for (const [index, params] of cells.entries()) {
    const key = canonicalJson(params);
    if (kept.has(key)) continue;
    const questions = await measure({ ...preset.compose(params), seed });
    await appendFile(partial, `${JSON.stringify({ key, questions })}\n`);
    kept.set(key, questions);
    measured += 1;
    const each = (performance.now() - start) / measured / 1e3;
    console.log(`${name} ${index + 1}/${cells.length}, ${each.toFixed(1)} s each: ${key}`);
  }
  await writeTable(
    name,
    { ...origin, ...grid },
    cells.map((params) => kept.get(canonicalJson(params))),
  );
}

/** A cell that no search would try has no place in a grid. */
function checkCells(preset, cells) {
  const nKv = Math.min(splits.search.shortestContext, splits.validation.shortestContext);
  for (const params of cells) {
    const reason = preset.infeasibility(params, { nKv });
    if (reason !== undefined)
      throw new Error(`${JSON.stringify(params)} of ${values.task}: ${reason}`);
  }
}

/** The metrics of a config on each question, by split. */
async function measure(chain) {
  const measured = {};
  for (const [name, { prepared }] of Object.entries(splits)) {
    const job = { chain, from: 0, to: prepared.questions.questions.length };
    const [results] = await prepared.questions.evaluate([job]);
    measured[name] = Object.fromEntries(
      tableMetrics.map((metric) => [
        metric,
        results.map(({ metrics }) => rounded(metrics[metric], 7)),
      ]),
    );
  }
  return measured;
}

/** All that the numbers depend on. */
function describe(name) {
  return {
    source: 'sparsetune, PreparedQuestions.evaluate',
    version,
    command: `npm run bench:attention-table -- --preset ${name} --task ${task.id} --model ${values.model}`,
    seed,
    model: { name: values.model, fingerprint },
    llamaCpp: llamaCpp.release,
    isa: loadAddon().bestIsa,
    preset: name,
    defaultConfig: getPreset(name).defaultConfig,
    task: task.id,
    taskVersion: task.version,
    taskParameters: task.parameters,
  };
}

async function readPartial(file) {
  const text = await readFile(file, 'utf8').catch((error) => {
    if (errorCode(error) === 'ENOENT') return '';
    throw error;
  });
  const lines = text.split('\n').slice(0, -1); // a kill may leave a torn line, which ends without a newline
  return new Map(
    lines.map((line) => JSON.parse(line)).map(({ key, questions }) => [key, questions]),
  );
}

async function writeTable(name, origin, measured) {
  const { questions } = splits.search.prepared;
  const { rungs } = new AshaScheduler({ maxResource: questions.questions.length });
  const columns = [...rungs, 'validation'].flatMap((rung) =>
    tableMetrics.map((metric) => `${metric}@${rung}`),
  );
  const rows = measured.map(({ search, validation }) => [
    ...rungs.flatMap((rung) => tableMetrics.map((metric) => mean(search[metric].slice(0, rung)))),
    ...tableMetrics.map((metric) => mean(validation[metric])),
  ]);
  const head = { ...origin, noiseFloorKl: questions.reference.noiseFloorKl, rungs, columns };
  const body = rows
    .map((row) => `  ${JSON.stringify(row.map((value) => rounded(value, 5)))}`)
    .join(',\n');
  const text = `${JSON.stringify(head, null, 1).slice(0, -2)},\n "rows": [\n${body}\n ]\n}\n`;
  const file = fileURLToPath(new URL(`${fileName(name)}.json`, tableFolder));
  await writeFileAtomic(file, text);
  console.log(`wrote ${file}`);
}

function fileName(name) {
  return `${name}-${task.id.replaceAll(/[^\w@.-]+/g, '_')}`;
}

function mean(numbers) {
  return numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
}

function rounded(value, digits) {
  return Number(value.toPrecision(digits));
}
