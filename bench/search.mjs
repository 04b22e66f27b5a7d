// The search by itself: on tables of real attention (test/golden/attention-tables) and on functions whose optimum is
// known. No model is needed; everything is repeatable to the last digit.
//
//   npm run bench:search -- [--seeds 20] [--trials 27] [--evaluations 50] [--only tables,functions] [--json] [--write]
//
// --json prints one object a line; --write puts the tables into bench/README.md.
import { parseArgs } from 'node:util';
import { analyticProblems } from './lib/analytic-problems.mjs';
import { readTables } from './lib/attention-table.mjs';
import { markdown } from './lib/markdown.mjs';
import { playStudy, regretOf } from './lib/play-study.mjs';
import { replaceBetween } from './lib/replace-between.mjs';
import { mean, meanInterval, median } from './lib/statistics.mjs';
import {
  exhaustiveCandidates,
  placeOfBest,
  rankCorrelations,
  tableProblem,
} from './lib/table-problem.mjs';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    trials: { type: 'string', default: '27' },
    evaluations: { type: 'string', default: '50' },
    only: { type: 'string', default: 'tables,functions' },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const parts = values.only.split(',').map((name) => name.trim());
const unknown = parts.find((name) => !['tables', 'functions'].includes(name));
if (unknown !== undefined) fail(`--only: tables or functions, not ${unknown}`);
const seeds = Array.from({ length: count('seeds') }, (_, seed) => seed);
const trials = count('trials');
const evaluations = count('evaluations');
const sections = [];

if (parts.includes('tables')) {
  const tables = readTables();
  sections.push(['Regret on tables of real attention', await tableRegrets(tables)]);
  sections.push(['How alike the rungs rank (Spearman)', rankTable(tables)]);
}
if (parts.includes('functions'))
  sections.push([`Regret after ${evaluations} evaluations`, await functionRegrets()]);

const command = `npm run bench:search${process.argv.length > 2 ? ` -- ${process.argv.slice(2).join(' ')}` : ''}`;
const text = [
  `\`${command}\`, ${seeds.length} seeds; intervals are 95 % of the mean, bootstrapped over seeds.`,
  ...sections.flatMap(([title, lines]) => ['', `#### ${title}`, '', ...lines]),
].join('\n');
if (!values.json) console.log(text);
if (values.write) await replaceBetween('bench/README.md', 'search', text);

/** Every searcher on every table; those without rungs may spend what TPE + ASHA spent with the same seed, rounded up. */
async function tableRegrets(tables) {
  const rows = [];
  for (const table of tables) {
    const problem = tableProblem(table);
    const full = problem.rungs.at(-1);
    const byRungs = { isFull: false, limits: () => ({ trials }) };
    const tuned = await play(problem, { sampler: 'TPE', ...byRungs });
    const equalCost = (seed) => ({
      budget: { questions: Math.ceil(tuned[seed].spent / full) * full },
    });
    const inFull = { isFull: true, limits: equalCost };
    const runs = [
      ['TPE + ASHA (`tune`)', tuned],
      ['random + ASHA', await play(problem, { sampler: 'random', ...byRungs })],
      ['TPE, full evaluations', await play(problem, { sampler: 'TPE', ...inFull })],
      ['random, full evaluations', await play(problem, { sampler: 'random', ...inFull })],
    ];
    const everything = {
      regret: regretOf(problem, exhaustiveCandidates(table)),
      spent: problem.size * full,
    };
    runs.push(['every cell in full', [everything]]);
    const title = `${problem.name}: ${problem.size} cells, ${problem.nHolding} hold the bound; 1 = best of ${problem.nReference}`;
    rows.push(
      ...runs.map(([name, results], i) => regretRow(i === 0 ? title : '', name, results, full)),
    );
    report(problem, runs);
  }
  return markdown(['table', 'searcher', 'full evaluations spent', 'mean regret', 'median'], rows);
}

async function functionRegrets() {
  const rows = [];
  for (const problem of analyticProblems()) {
    const runs = [];
    for (const sampler of ['TPE', 'TPE without its Gaussian process', 'random']) {
      const limits = () => ({ trials: evaluations });
      runs.push([sampler, await play(problem, { sampler, isFull: true, limits })]);
    }
    const title = `${problem.name}; 1 = best of ${problem.nReference}`;
    rows.push(
      ...runs.map(([name, results], i) => regretRow(i === 0 ? title : '', name, results, 1)),
    );
    report(problem, runs);
  }
  return markdown(['function', 'sampler', 'evaluations', 'mean regret', 'median'], rows);
}

function rankTable(tables) {
  const [low, middle, top] = tables[0].rungs;
  const pairs = [
    [low, middle],
    [low, top],
    [middle, top],
    [top, 'validation'],
  ];
  const rows = tables.flatMap((table) => {
    const found = pairs.map((pair) => rankCorrelations(table, pair));
    const places = table.rungs.map((rung) => `${placeOfBest(table, rung)} at ${rung}`);
    if (values.json) print({ table: table.name, pairs, correlations: found, places });
    const row = (title, label, part, last) => [
      title,
      `${label} ${found.at(-1)[part].cells}`,
      ...found.map((pair) => pair[part].correlation.toFixed(2)),
      last,
    ];
    return [
      row(table.name, 'all', 'all', places.join(', ')),
      row('', 'that hold the bound:', 'holding', ''),
      row('', 'best fifth:', 'bestFifth', ''),
    ];
  });
  const columns = pairs.map(([first, second]) => `${first} and ${second}`);
  return markdown(['table', 'cells', ...columns, 'place of the best of validation'], rows);
}

async function play(problem, { limits, ...rest }) {
  const runs = [];
  for (const seed of seeds)
    runs.push(await playStudy(problem, { ...rest, seed, limits: limits(seed) }));
  return runs;
}

function regretRow(title, name, results, full) {
  const regrets = results.map(({ regret }) => regret);
  const interval = results.length > 1 ? ` [${meanInterval(regrets).map(short).join(', ')}]` : '';
  const spent = mean(results.map((result) => result.spent)) / full;
  const regret = `${short(mean(regrets))}${interval}`;
  return [title, name, spent.toFixed(1), regret, short(median(regrets))];
}

function short(value) {
  return String(Number(value.toPrecision(2)));
}

function report({ name, nReference, reference, best }, runs) {
  if (!values.json) return;
  for (const [searcher, results] of runs)
    print({ problem: name, nReference, reference, best, searcher, results });
}

function print(object) {
  console.log(JSON.stringify(object));
}

function count(option) {
  const value = Number(values[option]);
  if (!Number.isInteger(value) || value < 1) fail(`--${option}: an integer of at least 1`);
  return value;
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
