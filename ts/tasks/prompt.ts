import { Template } from '@huggingface/jinja';
import { SparseTuneError } from '../errors.js';
import type { PromptStyle, TaskContext, TaskQuestion, TaskTools } from './task.js';
import { truncateTokens } from './truncate.js';

/** The model's special tokens, as the chat template and the start of a prompt need them. */
export interface SpecialTokens {
  readonly bosToken: string;
  readonly eosToken: string;
  /** Put before every context, where the model wants one; a template that writes its own gets no second. */
  readonly bosId?: number | undefined;
}

/** A question ready to run over a prefilled context. */
export interface RenderedQuestion {
  readonly question: TaskQuestion;
  /** Question, what the template puts after it, and the start of the answer. */
  readonly promptTokens: Int32Array;
  /** What teacher forcing runs over after `promptTokens`, at most `maxGoldTokens`. */
  readonly goldTokens?: Int32Array | undefined;
}

/** A context as the model sees it, and its questions. */
export interface RenderedContext {
  readonly id: string;
  readonly contextText: string;
  readonly contextTokens: Int32Array;
  readonly questions: readonly RenderedQuestion[];
}

/** Tokens of an answer that teacher forcing runs over: those behind tell configurations apart no better. */
export const maxGoldTokens = 64;

/** Where a context ends and a question begins; no text contains it. */
const separator = '\u{e000}sparsetune\u{e000}';

/**
 * Lays out a context and its questions. The border lies between context and question, the two are tokenised
 * apart, so every question continues the same prefilled tokens. With `chat`, context and question are one user
 * turn and the answer prefix starts the assistant's.
 *
 * @throws {SparseTuneError} `ERR_TASK` where the model has no usable chat template
 */
export function renderContext(
  context: TaskContext,
  style: PromptStyle,
  tools: TaskTools,
  special: SpecialTokens = { bosToken: '', eosToken: '' },
): RenderedContext {
  const hasTemplate = tools.chatTemplate !== undefined;
  const isChat = style === 'chat' || (style === 'auto' && hasTemplate);
  const frame = isChat ? chatFrame(tools.chatTemplate, special) : plainFrame;
  const questions = context.questions.map((question) => renderQuestion(question, frame, tools));
  const render = (text: string) => {
    const contextText = frame.head + text;
    const tokens = tools.tokenize(contextText);
    const contextTokens = special.bosId === undefined ? tokens : prepend(special.bosId, tokens);
    return { id: context.id, contextText, contextTokens, questions };
  };
  const { cut, text } = context;
  if (cut === undefined) return render(text);
  const near = render(withinReach(text, cut));
  // A text of very long tokens may fit although it is beyond reach.
  const isEnough = near.contextTokens.length > cut.length;
  return cutContext(isEnough ? near : render(text), cut, tools);
}

/** Characters of a text that a token takes at most, nearly always. */
const charactersPerToken = 32;

/** What of a text can be left when it is cut: the rest of a book need not be tokenised. */
function withinReach(text: string, { length, truncate }: NonNullable<TaskContext['cut']>): string {
  const reach = length * charactersPerToken;
  if (truncate === 'head') return text.slice(0, reach);
  return text.length <= 2 * reach ? text : text.slice(0, reach) + text.slice(-reach);
}

/** Fewer tokens of a context are none: less than a sentence would be left of it. */
const minContextTokens = 16;

function cutContext(
  whole: RenderedContext,
  { length, truncate }: NonNullable<TaskContext['cut']>,
  tools: TaskTools,
): RenderedContext {
  const { contextTokens } = whole;
  const others = longestRun(whole) - contextTokens.length;
  const limit = length - others;
  if (contextTokens.length <= limit) return whole;
  if (limit < minContextTokens) {
    throw new SparseTuneError(
      'ERR_TASK',
      `@${length} leaves no room for a context: the questions and answers of ${whole.id} need ${others} tokens. Use @${others + minContextTokens} or more.`,
    );
  }
  const kept = truncateTokens(contextTokens, limit, truncate);
  return { ...whole, contextTokens: kept, contextText: tools.detokenize(kept) };
}

/** Tokens of the longest question of a rendered context with everything around it: what a context size must hold. */
export function longestRun(rendered: RenderedContext): number {
  const runs = rendered.questions.map(
    ({ question, promptTokens, goldTokens }) =>
      promptTokens.length + Math.max(question.maxNewTokens, goldTokens?.length ?? 0),
  );
  return rendered.contextTokens.length + Math.max(0, ...runs);
}

/** What stands before the context, between question and answer, and whether an answer may start with a blank. */
interface Frame {
  readonly head: string;
  readonly tail: string;
  readonly isPlain: boolean;
}

const plainFrame: Frame = { head: '', tail: '', isPlain: true };

function renderQuestion(question: TaskQuestion, frame: Frame, tools: TaskTools): RenderedQuestion {
  const prefix = frame.isPlain ? question.answerPrefix : question.answerPrefix.trimStart();
  const prompt = question.question + frame.tail + prefix;
  const promptTokens = tools.tokenize(prompt);
  const { gold } = question;
  if (gold === undefined) return { question, promptTokens };
  const text = /\s$/.test(prompt) && gold.startsWith(' ') ? gold.slice(1) : gold;
  const goldTokens = continuation(prompt, promptTokens, text, tools).slice(0, maxGoldTokens);
  return { question, promptTokens, ...(goldTokens.length > 0 && { goldTokens }) };
}

function prepend(token: number, tokens: Int32Array): Int32Array {
  const result = new Int32Array(tokens.length + 1);
  result[0] = token;
  result.set(tokens, 1);
  return result;
}

/** Tokens of `gold` as they follow `prompt`: some tokenizers put a blank before a text that stands alone. */
function continuation(
  prompt: string,
  promptTokens: Int32Array,
  gold: string,
  tools: TaskTools,
): Int32Array {
  const joined = tools.tokenize(prompt + gold);
  const continues = promptTokens.every((token, index) => joined[index] === token);
  return continues ? joined.slice(promptTokens.length) : tools.tokenize(gold);
}

function chatFrame(chatTemplate: string | undefined, special: SpecialTokens): Frame {
  if (chatTemplate === undefined) {
    throw new SparseTuneError('ERR_TASK', 'The model has no chat template. Use --prompt plain.');
  }
  const text = renderTemplate(chatTemplate, special);
  const parts = text.split(separator);
  if (parts.length !== 2) {
    throw new SparseTuneError(
      'ERR_TASK',
      "The model's chat template does not keep the user's text as it is. Use --prompt plain.",
    );
  }
  const [head, tail] = parts as [string, string];
  const hasOwnBos =
    special.bosId !== undefined && special.bosToken !== '' && head.startsWith(special.bosToken);
  return { head: hasOwnBos ? head.slice(special.bosToken.length) : head, tail, isPlain: false };
}

function renderTemplate(chatTemplate: string, special: SpecialTokens): string {
  try {
    return new Template(chatTemplate).render({
      messages: [{ role: 'user', content: separator }],
      add_generation_prompt: true,
      bos_token: special.bosToken,
      eos_token: special.eosToken,
    });
  } catch (cause) {
    throw new SparseTuneError(
      'ERR_TASK',
      `The model's chat template could not be rendered: ${(cause as Error).message}. Use --prompt plain.`,
      { cause },
    );
  }
}
