import type { Engine, Prepared } from '../engine/engine.js';
import { promptTools, specialTokens } from '../engine/prompt-tools.js';
import type { AskedQuestion, EngineContext, Grader } from '../engine/question.js';
import { SparseTuneError } from '../errors.js';
import { longestRun, type RenderedContext, renderContext } from '../tasks/prompt.js';
import { type QuestionPlace, questionOrder } from '../tasks/question-order.js';
import type { Split, Task, TaskContext, TaskQuestion } from '../tasks/task.js';
import { type Truncate, truncateTokens } from '../tasks/truncate.js';
import type { PrepareEvent } from '../tune-events.js';

/** A split of a task on a model: its questions in their fixed order, prefilled and measured dense. */
export interface PreparedSplit {
  readonly prepared: Prepared;
  /** Context of each question, for statistics that resample contexts. */
  readonly contextOf: readonly number[];
  /** Tokens of the shortest context. */
  readonly shortestContext: number;
  readonly contexts: number;
}

interface SplitOptions {
  readonly signal: AbortSignal | undefined;
  readonly emit: (event: PrepareEvent) => void;
}

/** Order of the questions; a fixed part of every task, whatever the seed of the search is. */
const orderSeed = 0;

/** The prompts of a split as tokens, before anything is prefilled. */
export interface RenderedSplit {
  readonly task: Task;
  readonly split: Split;
  readonly contexts: readonly EngineContext[];
  readonly questions: readonly AskedQuestion[];
  /** The questions as the task made them, in the same order. */
  readonly asked: readonly TaskQuestion[];
  readonly grade: Grader;
}

/** What is left out of a split. */
export interface SplitLimits {
  /** Takes the first of the fixed order, which are spread over contexts and depths. Default: all. */
  readonly maxQuestions?: number | undefined;
  /** Tokens of a context; longer ones are cut. Default: none is cut. */
  readonly maxContextLength?: number | undefined;
  /** What of a longer context is kept: its beginning, or both ends in equal parts. Default `head`. */
  readonly truncate?: Truncate | undefined;
  /** Bound of every question's own limit. Default: none. */
  readonly maxNewTokens?: number | undefined;
}

/**
 * Makes the prompts of a split.
 *
 * @throws {SparseTuneError} `ERR_TASK` where a prompt is longer than the model can take, the split has no question, or two
 *   contexts or questions have one id
 */
export async function renderSplit(
  engine: Engine,
  task: Task,
  split: Split,
  limits: SplitLimits = {},
): Promise<RenderedSplit> {
  const { model } = engine;
  const tools = promptTools(model);
  const all = await task.contexts(split, tools);
  checkIds(all, `${task.id} (${split})`);
  const { contexts, order } = choose(all, limits);
  const special = specialTokens(model);
  const rendered = contexts.map((context) =>
    limited(renderContext(context, task.promptStyle, tools, special), limits),
  );
  checkLength(rendered, model.info.nCtxTrain, task);
  const asked = order.map(
    ({ context, question }) => contexts[context]?.questions[question] as TaskQuestion,
  );
  return {
    task,
    split,
    contexts: rendered.map(toEngineContext),
    questions: order.map(({ context, question }) => toEngineQuestion(rendered, context, question)),
    asked,
    grade: graderOf(task, asked),
  };
}

/** Answers are kept by the ids of their questions. */
function checkIds(contexts: readonly TaskContext[], what: string): void {
  const questions = contexts.flatMap((context) => context.questions);
  if (questions.length === 0) throw new SparseTuneError('ERR_TASK', `${what} has no questions.`);
  const repeated = repeatedId(contexts) ?? repeatedId(questions);
  if (repeated === undefined) return;
  throw new SparseTuneError(
    'ERR_TASK',
    `Two contexts or questions of ${what} have the id "${repeated}". Give each its own.`,
  );
}

function repeatedId(named: readonly { readonly id: string }[]): string | undefined {
  const seen = new Set<string>();
  return named.find(({ id }) => seen.size === seen.add(id).size)?.id;
}

/** The first questions of the fixed order, and the contexts that they are about. */
function choose(
  all: readonly TaskContext[],
  { maxQuestions = Number.POSITIVE_INFINITY }: SplitLimits,
): { contexts: readonly TaskContext[]; order: readonly QuestionPlace[] } {
  const order = questionOrder(all, orderSeed).slice(0, maxQuestions);
  const used = all.flatMap((_, i) => (order.some(({ context }) => context === i) ? [i] : []));
  return {
    contexts: used.map((i) => all[i] as TaskContext),
    order: order.map(({ context, question }) => ({ context: used.indexOf(context), question })),
  };
}

function limited(
  context: RenderedContext,
  { maxContextLength = Number.POSITIVE_INFINITY, truncate = 'head', ...limits }: SplitLimits,
): RenderedContext {
  const { maxNewTokens = Number.POSITIVE_INFINITY } = limits;
  return {
    ...context,
    contextTokens: truncateTokens(context.contextTokens, maxContextLength, truncate),
    questions: context.questions.map(({ question, ...rest }) => ({
      ...rest,
      question: { ...question, maxNewTokens: Math.min(question.maxNewTokens, maxNewTokens) },
    })),
  };
}

function graderOf(task: Task, asked: readonly TaskQuestion[]): Grader {
  return (index, answer) => {
    const question = asked[index];
    if (question === undefined || !isGraded(question)) return { isSettled: false };
    const score = task.score(answer, question);
    return { score, isSettled: task.isSettled?.(answer, question) ?? false };
  };
}

/** Prefills a split and measures dense on it, or takes from disk what is there. */
export async function prepareSplit(
  engine: Engine,
  { task, split, contexts, questions, grade }: RenderedSplit,
  { signal, emit }: SplitOptions,
): Promise<PreparedSplit> {
  emit({ event: 'phase', phase: 'prefill', split });
  const { data = '' } = task.parameters;
  const grader = `${task.id} ${task.version} ${data}`.trimEnd();
  const options = { grader, signal, ...progress(emit, split) };
  const prepared = await engine.prepare(contexts, questions, grade, options);
  const { reference, denseAccuracy } = prepared.questions;
  emit({
    event: 'prepared',
    task: task.id,
    split,
    contexts: contexts.length,
    questions: questions.length,
    contextTokens: prepared.contextTokens,
    prefillMs: prepared.prefillMs,
    snapshotsReused: prepared.snapshotsReused,
    referenceMs: prepared.isReferenceReused ? 0 : reference.elapsedMs,
    noiseFloorKl: reference.noiseFloorKl,
    denseAccuracy,
  });
  return {
    prepared,
    contextOf: questions.map(({ context }) => context),
    shortestContext: Math.min(...contexts.map(({ tokens }) => tokens.length)),
    contexts: contexts.length,
  };
}

function checkLength(contexts: readonly RenderedContext[], nCtxTrain: number, task: Task): void {
  const longest = Math.max(...contexts.map(longestRun));
  if (longest <= nCtxTrain) return;
  throw new SparseTuneError(
    'ERR_TASK',
    `${task.id} needs ${longest} tokens but the model was made for ${nCtxTrain}. Use ${task.id.replace(/@\d+$/, '')}@${nCtxTrain} or less, or let bench cut contexts by --max-context-length.`,
  );
}

/** Whether an answer has something to be compared with. */
function isGraded({ references }: TaskQuestion): boolean {
  return references.length > 0;
}

function toEngineContext({ id, contextTokens }: RenderedContext): EngineContext {
  return { id, tokens: contextTokens };
}

function toEngineQuestion(
  rendered: readonly RenderedContext[],
  context: number,
  index: number,
): AskedQuestion {
  const found = rendered[context]?.questions[index];
  if (found === undefined) throw new SparseTuneError('ERR_TASK', 'A question has no context');
  const { question, promptTokens, goldTokens } = found;
  return {
    id: question.id,
    context,
    promptTokens,
    goldTokens,
    maxNewTokens: question.maxNewTokens,
    isGraded: isGraded(question),
  };
}

function progress(emit: (event: PrepareEvent) => void, split: Split) {
  let start = performance.now();
  let phase: 'prefill' | 'reference' = 'prefill';
  const report = (done: number, total: number, unit: string) => {
    const elapsedMs = performance.now() - start;
    const remaining = done > 0 ? { remainingMs: (elapsedMs * (total - done)) / done } : {};
    emit({ event: 'progress', phase, done, total, unit, elapsedMs, ...remaining });
  };
  return {
    onPrefill: (done: number, total: number) => report(done, total, 'tokens'),
    onReference: (share: number) => {
      if (phase === 'prefill') {
        phase = 'reference';
        start = performance.now();
        emit({ event: 'phase', phase, split });
      }
      report(Math.round(share * 100), 100, '%');
    },
  };
}
