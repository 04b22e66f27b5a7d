import { nearestName } from '../../space/nearest.js';
import type { DataPrompt } from '../data/prompt.js';
import { Row } from '../data/row.js';
import { answerMetricNames } from '../metrics/registry.js';
import { splitPrompt } from './split-prompt.js';

/** Tokens of an answer, where neither row nor question says. */
const defaultMaxNewTokens = 64;
/** Any of the answers is right: what a list of answers mostly means. */
const defaultMetric = 'string_match_part';

const questionColumns = [
  'question',
  'answer',
  'answers',
  'answer_prefix',
  'metric',
  'max_new_tokens',
] as const;
const rowColumns = ['context', 'questions', ...questionColumns] as const;

/**
 * The questions of a row of a user's file: `context` with `question` or `questions`, `answer` or `answers`, `metric`,
 * `answer_prefix` and `max_new_tokens`; all but the context may be left out.
 *
 * @throws {SparseTuneError} `ERR_DATA` naming file, row and column
 */
export function filePrompts(row: Row): DataPrompt[] {
  checkColumns(row, rowColumns);
  const context = row.text('context');
  if (context.trim() === '') row.fail('the column "context" is empty');
  if (row.has('questions')) {
    if (row.has('question')) row.fail('give "question" or "questions", not both');
    return questionRows(row).map((own) => toPrompt(context, own.text('question'), own, row));
  }
  if (row.has('question')) return [toPrompt(context, row.text('question'), row, row)];
  return [wholePrompt(context, row)];
}

/** The prompt of a text that is all there is. */
export function wholePrompt(text: string, row: Row): DataPrompt {
  const { context, question } =
    splitPrompt(text) ?? row.fail('a prompt without a question has to have at least two words');
  return toPrompt(context, question, row, row);
}

/** Each question with what belongs to it alone, as a row of its own. */
function questionRows(row: Row): Row[] {
  const questions = row.list('questions');
  if (questions.length === 0) row.fail('the column "questions" is empty');
  const answers = row.has('answers') ? row.list('answers') : undefined;
  if (row.has('answer')) row.fail('beside "questions" give "answers", one entry a question');
  if (answers !== undefined && answers.length !== questions.length) {
    row.fail(
      `the column "answers" has ${answers.length} entries for ${questions.length} questions`,
    );
  }
  return questions.map((question, i) => {
    const place = `${row.place}, question ${i + 1}`;
    const own = typeof question === 'string' ? { question } : question;
    if (typeof own !== 'object' || own === null || Array.isArray(own))
      return row.fail(`question ${i + 1} is neither a text nor an object`);
    const given = answers === undefined ? own : { answers: answers[i], ...own };
    const questionRow = new Row(given as Record<string, unknown>, place);
    checkColumns(questionRow, questionColumns);
    return questionRow;
  });
}

/** @param own - what is of the question alone; `row` says the rest */
function toPrompt(context: string, question: string, own: Row, row: Row): DataPrompt {
  const references = own.optionalTexts('answers') ?? own.optionalTexts('answer') ?? [];
  const metric = own.optionalText('metric') ?? row.optionalText('metric') ?? defaultMetric;
  if (!answerMetricNames.includes(metric)) {
    const near = nearestName(metric, answerMetricNames);
    const hint = near === undefined ? `use one of ${answerMetricNames.join(', ')}` : `use ${near}`;
    own.fail(`there is no metric "${metric}": ${hint}`);
  }
  const answerPrefix = own.optionalText('answer_prefix') ?? row.optionalText('answer_prefix') ?? '';
  if (`${question}${answerPrefix}`.trim() === '') own.fail('the column "question" is empty');
  return {
    context,
    question: joined(context, '\n\n', question),
    answerPrefix: joined(question, '\n', answerPrefix),
    references,
    gold: metric === 'string_match_all' ? references.join(', ') : references[0],
    maxNewTokens:
      own.optionalCount('max_new_tokens') ??
      row.optionalCount('max_new_tokens') ??
      defaultMaxNewTokens,
    metric,
  };
}

/** The second of two texts with a border before it, where the two have none of their own. */
function joined(before: string, border: string, text: string): string {
  const hasBorder = before === '' || text === '' || /\s$/.test(before) || /^\s/.test(text);
  return hasBorder ? text : border + text;
}

/** Refuses a column that is a slip of a known one; what else a row holds is the user's own. */
function checkColumns(row: Row, known: readonly string[]): void {
  for (const column of row.columns.filter((name) => !known.includes(name))) {
    const near = nearestName(column, known);
    if (near !== undefined && Math.abs(near.length - column.length) <= 1)
      row.fail(`there is no column "${column}" (did you mean "${near}"?)`);
  }
}
