import type { AnswerFacts } from '../metrics/metric.js';
import type { Row } from './row.js';

/** One question as a row of a data set gives it. */
export interface DataPrompt {
  readonly context: string;
  readonly question: string;
  /** May end with blanks, as the prepared data sets have it: they go over to the answer. */
  readonly answerPrefix: string;
  readonly references: readonly string[];
  /** What teacher forcing runs over, without a blank before it. Left out: what the model answers. */
  readonly gold?: string | undefined;
  readonly maxNewTokens: number;
  readonly facts?: AnswerFacts | undefined;
  /** See TaskQuestion. */
  readonly metric?: string | undefined;
}

/** True where a row has the columns of the prepared data sets: context, question, answer_prefix, max_new_tokens. */
export function isPrepared(row: Row): boolean {
  return row.has('max_new_tokens') && row.has('question') && row.has('context');
}

/**
 * The prompt of a prepared row, gold being its first answer.
 *
 * @throws {SparseTuneError} `ERR_DATA` naming a column that is missing or wrong
 */
export function preparedPrompt(row: Row): DataPrompt {
  const references = answersOf(row);
  return {
    context: row.text('context'),
    question: row.text('question'),
    answerPrefix: row.optionalText('answer_prefix') ?? '',
    references,
    gold: references[0],
    maxNewTokens: row.count('max_new_tokens'),
  };
}

/** The column `answers`, or else `answer`. */
export function answersOf(row: Row): string[] {
  return row.optionalTexts('answers') ?? row.texts('answer');
}
