/** LooGLE's metrics: how much of a cloze's dict is right, and BLEU and ROUGE recall of free answers. */

import { SparseTuneError } from '../../errors.js';
import {
  equalsPython,
  PythonBytes,
  PythonSet,
  PythonTuple,
  type PythonValue,
  parsePythonLiteral,
} from '../python-literal.js';
import { bestOf } from './best-of.js';
import { bleu } from './bleu.js';
import type { AnswerMetric } from './metric.js';
import { splitWords } from './python-text.js';
import { rougeL, rougeN } from './rouge.js';

/** Right entries of a cloze, and how many there were to be. */
export interface ClozeCount {
  readonly matches: number;
  readonly count: number;
}

/**
 * Entries of the reference that the prediction has with an equal value.
 *
 * @param prediction - Python or JSON text of a dict; a prediction that is none counts as one entry, as upstream has it
 */
export function clozeExact(prediction: string, reference: string): ClozeCount {
  const expected = parse(reference);
  const count = expected === undefined ? undefined : sizeOf(expected);
  const found = parse(prediction);
  if (count === undefined || !(found instanceof Map)) return { matches: 0, count: 1 };
  if (!(expected instanceof Map)) return { matches: 0, count };
  const matches = [...expected].filter(([key, value]) =>
    equalsPython(found.get(key) ?? null, value),
  );
  return { matches: matches.length, count };
}

/** Entries of the reference of which the prediction has a word; 0 of them where a value of the prediction is no text. */
export function clozePartial(prediction: string, reference: string): ClozeCount {
  const expected = parse(reference);
  const count = (expected === undefined ? undefined : sizeOf(expected)) ?? 0;
  const found = parse(prediction);
  if (!(found instanceof Map) || !(expected instanceof Map)) return { matches: 0, count };
  const answered = [...expected].filter(([key]) => found.has(key));
  const pairs = answered.map(([key, value]) => [value, found.get(key)] as const);
  if (!pairs.flat().every(isText)) return { matches: 0, count };
  const matches = pairs.filter(([value, answer]) => haveCommonWord(value, answer));
  return { matches: matches.length, count };
}

const rougeLRecall = bestOf((prediction, reference) => rougeL(prediction, reference).recall);

/** Metrics of free answers, by the name in LooGLE's tables. */
export const loogleTextMetrics: Readonly<Record<string, AnswerMetric>> = {
  bleu1: bestOf((prediction, reference) => bleu(1, prediction, reference)),
  bleu4: bestOf((prediction, reference) => bleu(4, prediction, reference)),
  rouge1_r: bestOf((prediction, reference) => rougeN(1, prediction, reference).recall),
  rouge2_r: bestOf((prediction, reference) => rougeN(2, prediction, reference).recall),
  rougeL_r: rougeLRecall,
};

/** The share of right entries of a cloze, by `clozeExact` or `clozePartial`. */
export function clozeShare(
  score: (prediction: string, reference: string) => ClozeCount,
): AnswerMetric {
  return bestOf((prediction, reference) => {
    const { matches, count } = score(prediction, reference);
    return count === 0 ? 0 : matches / count;
  });
}

/** What a task is judged on: exact entries of a cloze, ROUGE-L recall of the rest (upstream's BERTScore needs a model). */
export const loogleMetrics: Readonly<Record<string, AnswerMetric>> = {
  shortdep_cloze: clozeShare(clozeExact),
  shortdep_qa: rougeLRecall,
  longdep_qa: rougeLRecall,
  longdep_summarization: rougeLRecall,
};

function parse(text: string): PythonValue | undefined {
  try {
    return parsePythonLiteral(text);
  } catch (error) {
    if (error instanceof SparseTuneError) return undefined;
    throw error;
  }
}

/** Python's `len`; undefined of what has none. */
function sizeOf(value: PythonValue): number | undefined {
  if (typeof value === 'string') return [...value].length;
  if (value instanceof Map) return value.size;
  if (value instanceof PythonTuple || value instanceof PythonSet) return value.items.length;
  return Array.isArray(value) ? value.length : undefined;
}

function isText(value: PythonValue | undefined): boolean {
  return typeof value === 'string' || value instanceof PythonBytes;
}

/** Text and bytes have none in common. */
function haveCommonWord(a: PythonValue, b: PythonValue | undefined): boolean {
  if (typeof a !== 'string' || typeof b !== 'string') return false;
  const words = new Set(splitWords(a));
  return splitWords(b).some((word) => words.has(word));
}
