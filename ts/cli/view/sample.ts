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
  /** Left out where the model's own dense answer takes its place. */
  readonly gold?: TokenText;
  readonly references: readonly string[];
  readonly maxNewTokens: number;
  readonly depth?: number;
}

/** Characters of a long context that are shown at each of its ends. */
const endLength = 600;

export function sampleLines(sample: Sample, isFull: boolean): string[] {
  const { task, id, context, prompt, gold, references, maxNewTokens, depth } = sample;
  const total = context.tokens + prompt.tokens + Math.max(maxNewTokens, gold?.tokens ?? 0);
  const where = depth === undefined ? '' : `, the answer at ${percent(depth)} of the context`;
  return [
    `${task} ${id}: at most ${total} tokens${where}`,
    '',
    `--- context, ${context.tokens} tokens`,
    isFull ? context.text : abbreviate(context.text),
    `--- question and start of the answer, ${prompt.tokens} tokens`,
    prompt.text,
    ...(gold === undefined
      ? ['--- no gold answer: what the model answers with dense attention']
      : [`--- gold answer, ${gold.tokens} tokens`, gold.text]),
    `--- ${references.length === 0 ? 'no ' : ''}references; an answer has at most ${maxNewTokens} tokens`,
    ...references,
    '',
  ];
}

function abbreviate(text: string): string {
  const left = text.length - 2 * endLength;
  if (left <= 100) return text;
  return `${text.slice(0, endLength)}\n[... ${left} characters; --full shows them ...]\n${text.slice(-endLength)}`;
}
