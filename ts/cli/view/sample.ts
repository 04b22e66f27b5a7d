import { percent } from './format.js';

/** A text as the model gets it, special tokens spelled out, and how many tokens that is. */
export interface TokenText {
  readonly text: string;
  readonly tokens: number;
}

/** A prompt of a task. */
export interface Sample {
  readonly task: string;
  readonly id: string;
  readonly context: TokenText;
  /** Question, what the chat template puts after it, and the start of the answer. */
  readonly prompt: TokenText;
  readonly gold: TokenText;
  readonly references: readonly string[];
  readonly maxNewTokens: number;
  readonly depth?: number;
}

/** Characters of a long context that are shown at each of its ends. */
const endLength = 600;

export function sampleLines(sample: Sample, isFull: boolean): string[] {
  const { task, id, context, prompt, gold, references, maxNewTokens, depth } = sample;
  const total = context.tokens + prompt.tokens + Math.max(maxNewTokens, gold.tokens);
  const where = depth === undefined ? '' : `, the answer at ${percent(depth)} of the context`;
  return [
    `${task} ${id}: at most ${total} tokens${where}`,
    '',
    `--- context, ${context.tokens} tokens`,
    isFull ? context.text : abbreviate(context.text),
    `--- question and start of the answer, ${prompt.tokens} tokens`,
    prompt.text,
    `--- gold answer, ${gold.tokens} tokens`,
    gold.text,
    `--- references; an answer has at most ${maxNewTokens} tokens`,
    ...references,
    '',
  ];
}

function abbreviate(text: string): string {
  const left = text.length - 2 * endLength;
  if (left <= 100) return text;
  return `${text.slice(0, endLength)}\n[... ${left} characters; --full shows them ...]\n${text.slice(-endLength)}`;
}
