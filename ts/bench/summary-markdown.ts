import type { Interval } from '../tune/bootstrap.js';
import type { CellReport, Score, SideBySide } from './report.js';
import { sourceText } from './resolve-config.js';
import type { BenchmarkScore } from './summary.js';

const titles = [
  'task',
  'config',
  'answers',
  'score ± standard error',
  'minus dense, 95 % interval',
  'KL',
  'density',
  'read',
  'attention ms a step (dense)',
  'tokens/s (dense)',
];

/** The results as tables, one a model. */
export function summaryMarkdown(
  cells: readonly CellReport[],
  benchmarks: readonly BenchmarkScore[],
): string {
  const models = [...new Set(cells.map(({ model }) => model))];
  return `${models
    .map((model) =>
      modelText(
        model,
        cells.filter((cell) => cell.model === model),
        benchmarks.filter((each) => each.model === model),
      ),
    )
    .join('\n')}`;
}

const overallTitles = ['benchmark', 'config', 'tasks', 'answers', 'mean score', 'on its own scale'];

function modelText(
  model: string,
  cells: readonly CellReport[],
  benchmarks: readonly BenchmarkScore[],
): string {
  const overall = benchmarks.map(({ benchmark, config, tasks, questions, ...own }) => [
    benchmark,
    config,
    String(tasks),
    String(questions),
    meanText({ mean: own.score, standardError: own.standardError }),
    own.upstream === undefined ? '-' : String(own.upstream),
  ]);
  const sources = cells.flatMap(({ config, task, source }) =>
    source === undefined || source.kind === 'dense'
      ? []
      : [`- ${config} on ${task}: ${sourceText(source)}`],
  );
  const failures = cells.flatMap(({ config, task, error }) =>
    error === undefined ? [] : [`- ${config} on ${task} failed: ${error.message}`],
  );
  return [
    `# ${model}`,
    '',
    ...markdownTable(titles, cells.map(cellRow)),
    ...(overall.length === 0 ? [] : ['', ...markdownTable(overallTitles, overall)]),
    ...(sources.length === 0 ? [] : ['', ...sources]),
    ...(failures.length === 0 ? [] : ['', ...failures]),
    '',
  ].join('\n');
}

/** The numbers of a cell as a table shows them. */
export function cellRow(cell: CellReport): string[] {
  const { task, config, state, questions, score, difference } = cell;
  const { done, total } = questions;
  return [
    task,
    config,
    state === 'complete' ? String(done) : state === 'failed' ? 'failed' : `${done} of ${total}`,
    score === undefined ? '' : meanText(score),
    difference === undefined ? '' : intervalText(difference),
    cell.kl === undefined ? '' : cell.kl.toFixed(4),
    cell.density === undefined ? '' : cell.density.toFixed(3),
    cell.readFraction === undefined ? '' : cell.readFraction.toFixed(3),
    sideBySide(cell.stepAttentionMs, 3),
    sideBySide(cell.tokensPerSecond, 1),
  ];
}

/** A mean with its standard error, where that is known. */
export function meanText({ mean, standardError }: Pick<Score, 'mean' | 'standardError'>): string {
  return `${mean.toFixed(3)}${standardError === null ? '' : ` ± ${standardError.toFixed(3)}`}`;
}

function intervalText({ mean, low, high }: Interval): string {
  return `${mean.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
}

function sideBySide(values: SideBySide | undefined, digits: number): string {
  if (values === undefined) return '';
  return `${values.sparse.toFixed(digits)} (${values.dense.toFixed(digits)})`;
}

function markdownTable(columns: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)];
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
