import { answersOf, type DataPrompt } from '../data/prompt.js';
import type { Row } from '../data/row.js';
import { type PythonDict, type PythonValue, parsePythonLiteral } from '../python-literal.js';

interface Wording {
  readonly instruction: string;
  readonly ask: (question: string) => string;
  readonly answerPrefix: string;
  readonly maxNewTokens: number;
}

const qa = {
  instruction: 'Read this document. A question about it follows.',
  ask: (question: string) => `\nQuestion: ${question}\n`,
  answerPrefix: 'Answer:',
};

const wordings = {
  shortdep_qa: { ...qa, maxNewTokens: 300 },
  longdep_qa: { ...qa, maxNewTokens: 500 },
  shortdep_cloze: {
    instruction:
      'Read this document. A text about it follows in which names are replaced by <mask-0>, <mask-1> and so on, the same name always by the same mask.',
    ask: (question) =>
      `\nText: ${question}\nWhich names are masked? Answer in JSON, such as {"<mask-0>": "Alice", "<mask-1>": "Rome"}.\n`,
    answerPrefix: 'Answer:',
    maxNewTokens: 50,
  },
  longdep_summarization: {
    instruction: 'Read this paper.',
    ask: () => '\nWrite a summary of the paper.\n',
    answerPrefix: 'Summary:',
    maxNewTokens: 500,
  },
} as const satisfies Readonly<Record<string, Wording>>;

export type LoogleTask = keyof typeof wordings;
export const loogleTasks = Object.keys(wordings) as readonly LoogleTask[];

/**
 * The prompts of a row of the original data, in our own words: of a document with all its questions in `qa_pairs` (a
 * Python literal), or of the hub's newer rows with one question each.
 *
 * @throws {SparseTuneError} `ERR_DATA` naming a column that is missing or wrong
 */
export function originalPrompts(task: LoogleTask, row: Row): DataPrompt[] {
  const document = row.text(row.has('input') ? 'input' : 'context');
  return questionsOf(task, row).map(({ question, answer }) => {
    const { instruction, ask, answerPrefix, maxNewTokens } = wordings[task];
    return {
      context: `${instruction}\n${document}\n`,
      question: ask(question),
      answerPrefix,
      references: [answer],
      gold: answer,
      maxNewTokens,
    };
  });
}

interface Question {
  readonly question: string;
  readonly answer: string;
}

function questionsOf(task: LoogleTask, row: Row): Question[] {
  if (task === 'longdep_summarization') {
    const [answer = ''] = row.has('output') ? row.texts('output') : answersOf(row);
    return [{ question: '', answer }];
  }
  if (row.has('qa_pairs')) return qaPairs(task, row);
  const question = row.text('question');
  const answers = answersOf(row);
  if (task !== 'shortdep_cloze') return [{ question, answer: answers[0] ?? '' }];
  const masks = Object.fromEntries(answers.map((name, i) => [`<mask-${i}>`, name]));
  return [{ question, answer: JSON.stringify(masks) }];
}

/** The list of `{'Q': ..., 'A': ...}` in the column `qa_pairs`. */
function qaPairs(task: LoogleTask, row: Row): Question[] {
  const pairs = parse(row);
  if (!Array.isArray(pairs)) return row.fail('the column "qa_pairs" is no list');
  return pairs.map((pair: PythonValue, index) => {
    const fail = (what: string) => row.fail(`pair ${index + 1} of the column "qa_pairs" ${what}`);
    if (!(pair instanceof Map)) return fail('is no dict');
    const question = pair.get('Q');
    if (typeof question !== 'string') return fail('has no text Q');
    const answer = task === 'shortdep_cloze' ? masksOf(pair) : textOf(pair.get('A'));
    return { question, answer: answer ?? fail('has no A that can be read') };
  });
}

function parse(row: Row): PythonValue {
  const text = row.text('qa_pairs');
  if (text === 'none') return [];
  try {
    return parsePythonLiteral(text);
  } catch (cause) {
    return row.fail(
      `the column "qa_pairs" is no Python literal: ${(cause as Error).message}`,
      cause,
    );
  }
}

function textOf(value: PythonValue | undefined): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : undefined;
}

/** The names by mask, as JSON. */
function masksOf(pair: PythonDict): string | undefined {
  const masks = pair.get('A');
  if (!(masks instanceof Map)) return undefined;
  return JSON.stringify(Object.fromEntries([...masks].map(([key, name]) => [key, textOf(name)])));
}
