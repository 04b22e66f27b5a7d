import type { BenchPlan } from '../../bench/plan.js';
import type { Outlook } from '../../bench/progress.js';
import type { CellReport, SideBySide } from '../../bench/report.js';
import { sourceText } from '../../bench/resolve-config.js';
import { meanText } from '../../bench/summary-markdown.js';
import type { TuningStep } from '../../bench/tuning-steps.js';
import type { RunEvent } from '../../run.js';
import { duration, fitLine, number, percent } from './format.js';
import { phaseTitle, progressText } from './lines.js';
import { bar } from './live.js';
import { interval } from './result.js';
import type { PhaseState } from './state.js';
import { table } from './table.js';

type AnswersEvent = Extract<RunEvent, { event: 'answers' }>;

/** All a view of a benchmark run needs to know. */
export interface BenchState {
  readonly answers?: AnswersEvent;
  /** The step before answers come: prompts, prefill, dense reference. */
  readonly phase?: PhaseState;
}

export const initialBenchState: BenchState = {};

/** Least time between two lines about the progress of one cell. */
const progressEveryMs = 10_000;

/** The state after one more event. */
export function reduceBench(state: BenchState, event: RunEvent): BenchState {
  switch (event.event) {
    case 'phase':
      return { ...state, phase: { phase: event.phase, split: event.split } };
    case 'progress':
      return { ...state, phase: { ...state.phase, phase: event.phase, progress: event } };
    case 'answers': {
      const { phase: _before, ...rest } = state;
      return { ...rest, answers: event };
    }
    default:
      return state;
  }
}

/** The lines an event adds to a log. `before` is the state without it. */
export function benchLogLines(event: RunEvent, before: BenchState = {}): string[] {
  switch (event.event) {
    case 'tuning':
      return tuningLines(event.steps);
    case 'bench-plan':
      return planLines(event.plan);
    case 'answers':
      return isDue(event, before.answers) ? [`  ${answersText(event)}`] : [];
    case 'cell':
      return [cellLine(event.cell)];
    default:
      return benchResultLines(event);
  }
}

/** The tables at the end. */
export function benchResultLines(event: RunEvent): string[] {
  if (event.event !== 'bench-results') return [];
  return ['', ...resultLines(event.cells), '', `results: ${event.resultDir}`];
}

/** The view of a running benchmark as lines no wider than `width`; redrawn in place. */
export function liveBenchLines(
  { answers, phase }: BenchState,
  width: number,
  elapsedMs: number,
): string[] {
  const lines: string[] = [];
  if (answers !== undefined) {
    const { done, total } = answers.overall;
    lines.push(`${bar(done, total)} ${answersText(answers)}`);
  }
  if (phase !== undefined) {
    const title = phaseTitle(phase.phase, phase.config, phase.split);
    const { progress } = phase;
    lines.push(
      progress === undefined
        ? `${title}  ${duration(elapsedMs)}`
        : `${title}  ${bar(progress.done, progress.total)} ${progressText(progress)}`,
    );
  }
  return lines.map((line) => fitLine(line, width));
}

/** `magic_pig on niah_mq8@512 16/64; 80/640 answers, 2m 05s, about 20m 00s left`. */
function answersText({ model, task, config, done, total, overall }: AnswersEvent): string {
  const { elapsedMs, remainingMs } = overall;
  const left =
    remainingMs === undefined || overall.done === overall.total
      ? ''
      : `, about ${duration(remainingMs)} left`;
  return `${model}: ${config} on ${task} ${done}/${total}; ${overall.done}/${overall.total} answers, ${duration(elapsedMs)}${left}`;
}

/** What will be searched before anything is measured. */
export function tuningLines(steps: readonly TuningStep[]): string[] {
  if (steps.length === 0) return ['every config has a winner: nothing to tune'];
  return [
    'to tune first:',
    ...steps.map(({ model, tasks, configs, estimateMs }) => {
      const time =
        estimateMs === undefined
          ? 'no search with this model is stored to judge the time by'
          : `about ${duration(estimateMs)} by the searches that are stored`;
      return `  ${configs.join(', ')} on ${tasks.join(' + ')} (${model}); ${time}`;
    }),
  ];
}

/** What will be measured, and how long it may take. */
export function planLines({ tasks, cells, estimate }: BenchPlan): string[] {
  const left = (titles: readonly string[]) =>
    titles.map((title) => ({ title, align: 'left' as const }));
  const taskRows = tasks.map(({ model, task, contexts, questions, contextTokens, ...rest }) => [
    model,
    task,
    String(contexts),
    String(questions),
    String(contextTokens),
    timeText(rest.estimate),
  ]);
  const cellRows = cells.map(({ model, task, config, source, done, questions, ...rest }) => [
    model,
    task,
    config,
    source === undefined ? '' : sourceText(source),
    rest.error === undefined ? `${questions - done} of ${questions}` : 'fails',
    rest.error === undefined ? timeText(rest.estimate) : '',
  ]);
  const answers = cells.reduce(
    (sum, { questions, done, error }) => sum + (error === undefined ? questions - done : 0),
    0,
  );
  const taskTitles = ['model', 'task', 'contexts', 'questions', 'tokens', 'prefill, dense'];
  const cellTitles = ['model', 'task', 'config', 'uses', 'to do', 'time'];
  return [
    ...table(left(taskTitles), taskRows),
    '',
    ...table(left(cellTitles), cellRows),
    '',
    ...cells.flatMap(({ model, task, config, error }) =>
      error === undefined ? [] : [`${model}: ${config} on ${task} fails: ${error.message}`],
    ),
    `${answers} answers to do; ${estimateText(estimate)}`,
    '',
  ];
}

const bases = {
  same: 'by what the same work took before',
  task: 'by what other configs took on the same tasks',
  other: 'roughly, by what other tasks took',
} as const;

function estimateText({ ms, basis }: Outlook): string {
  if (ms === undefined)
    return 'no measurement with this model on this machine is stored to judge the time by';
  if (ms === 0) return 'nothing is left';
  return `about ${duration(ms)}, ${bases[basis ?? 'other']}`;
}

function timeText(outlook: Outlook | undefined): string {
  if (outlook?.ms === undefined) return '?';
  return outlook.ms === 0 ? 'done' : duration(outlook.ms);
}

/** A cell that is done, in one line. */
export function cellLine(cell: CellReport): string {
  const { model, task, config, state, error, score, difference, kl, density } = cell;
  const what = `${model}: ${config} on ${task}`;
  if (state === 'failed') return `${what} failed: ${error?.message ?? ''}`;
  const parts = [
    state === 'partial' ? `${cell.questions.done} of ${cell.questions.total} answers` : '',
    score === undefined ? '' : `score ${meanText(score)}`,
    difference === undefined ? '' : `to dense ${interval(difference)}`,
    kl === undefined ? '' : `KL ${number(kl)}`,
    density === undefined ? '' : `density ${percent(density)}`,
  ];
  return `${what}: ${parts.filter((part) => part !== '').join(', ')}`;
}

/** One table a model, and what failed. */
export function resultLines(cells: readonly CellReport[]): string[] {
  const titles = ['task', 'config', 'answers', 'score', 'vs dense (95 %)', 'KL', 'density', 'read'];
  const times = ['attention ms a step', '(dense)', 'tokens/s', '(dense)'];
  const columns = [...titles, ...times].map((title, i) =>
    i < 2 ? { title, align: 'left' as const } : { title },
  );
  const models = [...new Set(cells.map(({ model }) => model))];
  const tables = models.flatMap((model, i) => {
    const own = cells.filter((cell) => cell.model === model);
    return [...(i === 0 ? [] : ['']), model, ...table(columns, own.map(resultCells))];
  });
  const failed = cells.filter(({ error }) => error !== undefined);
  return [...tables, ...(failed.length === 0 ? [] : ['', ...failed.map(cellLine)])];
}

function resultCells(cell: CellReport): string[] {
  const { task, config, state, questions, score, difference, kl, density, readFraction } = cell;
  const { done, total } = questions;
  return [
    task,
    config,
    state === 'failed' ? 'failed' : done === total ? String(done) : `${done} of ${total}`,
    score === undefined ? '' : meanText(score),
    difference === undefined ? '' : interval(difference),
    kl === undefined ? '' : number(kl),
    density === undefined ? '' : percent(density),
    readFraction === undefined ? '' : percent(readFraction),
    ...sideBySide(cell.stepAttentionMs),
    ...sideBySide(cell.tokensPerSecond),
  ];
}

function sideBySide(values: SideBySide | undefined): string[] {
  return values === undefined ? ['', ''] : [number(values.sparse), `(${number(values.dense)})`];
}

/** At the first answers of a cell, at its last, and every ten seconds. */
function isDue({ done, total, config, task, overall }: AnswersEvent, last?: AnswersEvent): boolean {
  const isFirst = last === undefined || last.config !== config || last.task !== task;
  const slot = (ms: number) => Math.floor(ms / progressEveryMs);
  return isFirst || done === total || slot(overall.elapsedMs) > slot(last?.overall.elapsedMs ?? 0);
}
