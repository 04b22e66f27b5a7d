import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { CellReport } from '../../ts/bench/report.js';
import { benchmarkScores, readReports, writeSummary } from '../../ts/bench/summary.js';
import { summaryCsv } from '../../ts/bench/summary-csv.js';
import { summaryMarkdown } from '../../ts/bench/summary-markdown.js';
import { temporaryFolder } from '../helpers/folder.js';
import { cellReport } from '../helpers/reports.js';

async function store(folder: string, ...cells: CellReport[]): Promise<void> {
  for (const cell of cells) {
    await mkdir(join(folder, cell.folder), { recursive: true });
    await writeFile(join(folder, cell.folder, 'metrics.json'), JSON.stringify(cell));
  }
}

test('the summary is over all cells of the folder, by task, the dense one first', async (t) => {
  const folder = await temporaryFolder(t);
  const at = (task: string, config: string) =>
    cellReport({ task, config, folder: `tiny/${config}/${task}` });
  const sorted = [
    at('niah_mq8@512', 'dense'),
    at('niah_mq8@512', 'adaptive'),
    at('niah_mq8@512', 'quest'),
    at('niah_mq8@1024', 'dense'),
  ];
  await store(folder, ...sorted.toReversed());
  await mkdir(join(folder, 'notes'));
  await writeFile(join(folder, 'notes', 'metrics.json'), '{"mine":1}');
  t.deepEqual(await readReports(folder), sorted);
  const files = await writeSummary(folder);
  t.deepEqual(
    files,
    ['summary.json', 'summary.md', 'summary.csv'].map((name) => join(folder, name)),
  );
  const { schema, cells } = JSON.parse(await readFile(join(folder, 'summary.json'), 'utf8'));
  t.is(schema, 1);
  t.deepEqual(cells, sorted);
});

test('a folder without cells gets no summary', async (t) => {
  const folder = await temporaryFolder(t);
  t.deepEqual(await writeSummary(folder), []);
  t.deepEqual(await writeSummary(join(folder, 'nothing')), []);
});

test('a benchmark of several tasks is their mean, each counting the same', (t) => {
  const score = (mean: number, standardError: number) => ({ mean, standardError, low: 0, high: 1 });
  const cells = [
    cellReport({
      task: 'ruler/vt@4096',
      score: score(0.5, 0.03),
      questions: { done: 10, total: 10 },
    }),
    cellReport({
      task: 'ruler/cwe@4096',
      score: score(1, 0.04),
      questions: { done: 30, total: 30 },
    }),
    cellReport({ task: 'ruler/fwe@4096', state: 'partial', score: score(0, 0) }),
    cellReport({ task: 'ruler/vt@8192', score: score(0, 0) }),
  ];
  const [only, ...others] = benchmarkScores(cells);
  t.deepEqual(others, []);
  t.like(only, {
    benchmark: 'ruler@4096',
    config: 'magic_pig',
    tasks: 2,
    questions: 40,
    score: 0.75,
  });
  t.true(Math.abs((only?.standardError ?? 0) - 0.025) < 1e-12);
});

test("a benchmark's own scale is the mean of its tasks' own values, if all have one", (t) => {
  const cells = [
    cellReport({ task: 'ruler/vt@4096', upstream: { vt: 12.5, overall: 12.5 } }),
    cellReport({ task: 'ruler/cwe@4096', upstream: { cwe: 33.33, overall: 33.33 } }),
  ];
  t.is(benchmarkScores(cells)[0]?.upstream, 22.915);
  t.regex(summaryMarkdown(cells, benchmarkScores(cells)), /\| ruler@4096 \|.*\| 22\.915 \|/);
  const without = cellReport({ task: 'ruler/fwe@4096', upstream: { fwe: null, overall: null } });
  t.is(benchmarkScores([...cells, without])[0]?.upstream, undefined);
});

test('the table in Markdown has a line for each cell, and says where configs are from', (t) => {
  const failed = cellReport({
    config: 'auto',
    state: 'failed',
    error: { code: 'E', message: 'a|b\nc' },
  });
  const partial = cellReport({
    config: 'quest',
    state: 'partial',
    questions: { done: 16, total: 64 },
  });
  const text = summaryMarkdown([cellReport(), failed, partial], []);
  t.regex(text, /\| quest \| 16 of 64 \|/);
  t.true(
    text.includes(
      '| niah_mq8@512 | magic_pig | 64 | 0.750 ± 0.050 | -0.050 [-0.100, 0.020] | 0.0213 | 0.081 | 0.120 | 1.500 (6.000) | 60.0 (40.0) |',
    ),
  );
  t.true(text.includes('- magic_pig on niah_mq8@512: untuned default of magic_pig'));
  t.regex(text, /\| auto \| failed \|/);
  t.regex(text, /auto on niah_mq8@512 failed: a\|b/);
});

test('a field of the CSV that holds commas, quotes or line breaks is quoted', (t) => {
  const { score: _score, ...unscored } = cellReport({ error: { code: 'E', message: 'a, "b"\nc' } });
  const [titles = '', line = ''] = summaryCsv([unscored]).split('\n');
  t.true(titles.startsWith('model,task,config,source,state,questions,'));
  t.true(
    line.startsWith(
      'tiny,niah_mq8@512,magic_pig,untuned default of magic_pig,complete,64,8,480,,,0.8,',
    ),
  );
  t.true(summaryCsv([unscored]).endsWith('"a, ""b""\nc"\n'));
});
