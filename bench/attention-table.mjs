// Records tables of real attention for the search's own benchmark: every cell of a preset's grid on the questions of
// search and of validation, teacher-forced, as means over the rungs of the search.
//
//   npm run bench:attention-table -- [--preset hash_attention,magic_pig] [--task niah_mq8@512] [--model smollm2]
//                                    [--threads N] [--check N]
//
// One cell takes some 20 s of one core. Each is kept in the home folder as soon as it is measured: what is stopped goes
// on where it was. A whole table is written to test/golden/attention-tables. --check measures N cells of the tables once
// more, question by rung as the search does, and fails where a value is another.
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
  readTable,
  tableFolder,
  tableMetrics,
} from './lib/attention-table.mjs';
import { mean } from './lib/statistics.mjs';

/** Of the draws inside the maskers, as `tune` has it by default. */
const seed = 0;
const { values } = parseArgs({
  options: {
    preset: { type: 'string', default: 'hash_attention,magic_pig' },
    task: { type: 'string', default: 'niah_mq8@512' },
    model: { type: 'string', default: 'smollm2' },
    threads: { type: 'string', default: String(usableThreads().threads) },
    check: { type: 'string' },
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
if (values.check !== undefined && !(Number.isInteger(Number(values.check)) && values.check > 0)) {
  console.error('--check: an integer of at least 1');
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
const { rungs } = new AshaScheduler({
  maxResource: splits.search.prepared.questions.questions.length,
});
for (const name of presets) {
  if (values.check === undefined) await recordTable(name);
  else await checkTable(name, Number(values.check));
}

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

/** Measures `n` cells, spread over the table, anew; another CPU may round otherwise, hence the tolerance. */
async function checkTable(name, n) {
  const table = readTable(tableFile(name));
  const every = table.cells.length / n;
  const chosen = Array.from({ length: n }, (_, i) => Math.floor((i + 0.5) * every));
  for (const index of chosen) {
    const params = cellParams(table, table.cells[index]);
    const row = meansOf(await measure({ ...getPreset(name).compose(params), seed }, rungs));
    const differences = row.map((value, i) => Math.abs(value - table.rows[index][i]) / value);
    const largest = Math.max(...differences);
    console.log(`${name} ${JSON.stringify(params)}: relative difference at most ${largest}`);
    if (!(largest < 0.01)) process.exitCode = 1;
  }
}

/**
 * The metrics of a config on each question, by split.
 *
 * @param cuts - questions at which the work is cut into jobs that run one after the other
 */
async function measure(chain, cuts = []) {
  const measured = {};
  for (const [name, { prepared }] of Object.entries(splits)) {
    const { questions } = prepared;
    const end = questions.questions.length;
    const bounds = [0, ...cuts.filter((cut) => cut < end), end];
    const results = [];
    for (const [i, from] of bounds.slice(0, -1).entries())
      results.push(...(await questions.evaluate([{ chain, from, to: bounds[i + 1] }])).flat());
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

/** What was measured before; the last line is dropped where a kill has torn it. */
async function readPartial(file) {
  const text = await readFile(file, 'utf8').catch((error) => {
    if (errorCode(error) === 'ENOENT') return '';
    throw error;
  });
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (whole !== text) await writeFileAtomic(file, whole);
  const lines = whole.split('\n').slice(0, -1);
  return new Map(
    lines.map((line) => JSON.parse(line)).map(({ key, questions }) => [key, questions]),
  );
}

async function writeTable(name, origin, measured) {
  const columns = [...rungs, 'validation'].flatMap((rung) =>
    tableMetrics.map((metric) => `${metric}@${rung}`),
  );
  const { noiseFloorKl } = splits.search.prepared.questions.reference;
  const head = JSON.stringify({ ...origin, noiseFloorKl, rungs, columns }, null, 1).slice(0, -2);
  const rows = measured.map((questions) => `  ${JSON.stringify(meansOf(questions))}`);
  const file = fileURLToPath(tableFile(name));
  await writeFileAtomic(file, `${head},\n "rows": [\n${rows.join(',\n')}\n ]\n}\n`);
  console.log(`wrote ${file}`);
}

/** A row of a table: the means over the first questions of each rung, then those over validation. */
function meansOf({ search, validation }) {
  const row = [
    ...rungs.flatMap((rung) => tableMetrics.map((metric) => mean(search[metric].slice(0, rung)))),
    ...tableMetrics.map((metric) => mean(validation[metric])),
  ];
  return row.map((value) => rounded(value, 5));
}

function tableFile(name) {
  return new URL(`${fileName(name)}.json`, tableFolder);
}

function fileName(name) {
  return `${name}-${task.id.replaceAll(/[^\w@.-]+/g, '_')}`;
}

function rounded(value, digits) {
  return Number(value.toPrecision(digits));
}
