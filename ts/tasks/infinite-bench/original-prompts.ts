import type { DataPrompt } from '../data/prompt.js';
import { answersOf } from '../data/prompt.js';
import type { Row } from '../data/row.js';

/** What a row of the original data becomes; the other columns are the same for all tasks. */
type Parts = Omit<DataPrompt, 'maxNewTokens'>;

/** Tokens of a task's answer; the prepared data allow 20 more, and so do we. */
const answerTokens: Readonly<Record<string, number>> = {
  passkey: 6,
  number_string: 12,
  kv_retrieval: 50,
  longbook_sum_eng: 1200,
  longbook_choice_eng: 40,
  longbook_qa_eng: 40,
  longbook_qa_chn: 40,
  longdialogue_qa_eng: 40,
  math_find: 3,
  math_calc: 30_000,
  code_run: 5,
  code_debug: 5,
};
const spareTokens = 20;

const prompts: Readonly<Record<string, (row: Row) => Parts>> = {
  passkey: asked('One line below holds a key, the rest is filler. Remember the key.', {
    ask: () => 'What is the pass key?',
    prefix: ' The pass key is',
  }),
  number_string: asked(
    'One line below holds a sequence of digits, the rest is filler. Remember the digits.',
    { ask: () => 'What is the sequence of digits?', prefix: ' The sequence of digits is' },
  ),
  kv_retrieval: asked('The JSON object below maps keys to values.', {
    ask: (row) => `Key: "${found(row, /"([^"]+)"/, 'a key in quotes')}"\n`,
    prefix: 'Value: "',
  }),
  longbook_sum_eng: asked('Read this book.', {
    ask: () => 'Write a summary of the book.\n',
    prefix: 'Summary:',
  }),
  longbook_qa_eng: asked('Read this book. A question about it follows; answer in a few words.', {
    ask: (row) => `Question: ${row.text('input')}\n`,
    prefix: 'Answer:',
  }),
  longbook_qa_chn: asked('请阅读下面这本书，然后简短地回答问题。', {
    ask: (row) => `问题：${row.text('input')}\n`,
    prefix: '回答：',
  }),
  longdialogue_qa_eng: asked(
    'In this script one name of a character is replaced by $$MASK$$. Find out whose it is.',
    { ask: () => 'Which character is $$MASK$$?\n', prefix: '$$MASK$$ is' },
  ),
  longbook_choice_eng: choice,
  code_debug: codeDebug,
  math_find: asked('Here is a list of numbers.', {
    ask: (row) =>
      `What is ${found(row, /\b(the [^.]+?) of/i, 'what to find').toLowerCase()} of this list? Answer with the number alone.\n`,
    prefix: 'The number is',
    references: (row) => answersOf(row).map((label) => numberText(label, row)),
  }),
  math_calc: mathCalc,
  code_run: asked('Here are Python functions.', {
    ask: (row) =>
      `What does ${found(row, /(func_\d+\(-?\d+\))/, 'a call')} return? Answer with the number alone.\n`,
    prefix: 'It returns',
  }),
};

/** The tasks of InfiniteBench, in the order of its paper's table. */
export const infiniteBenchDataSubsets: readonly string[] = Object.keys(answerTokens);

/**
 * The prompt of a row of the original data (id, context, input, answer, options), in our own words.
 *
 * @throws {SparseTuneError} `ERR_DATA` naming a column that is missing or wrong
 */
export function originalPrompt(subset: string, row: Row): DataPrompt {
  const parts = prompts[subset]?.(row) ?? row.fail(`there is no task ${subset}`);
  return { ...parts, maxNewTokens: (answerTokens[subset] ?? 0) + spareTokens };
}

/** A prompt of instruction, text and question; gold is the first answer. */
function asked(
  instruction: string,
  {
    ask,
    prefix,
    references = answersOf,
  }: {
    ask: (row: Row) => string;
    prefix: string;
    references?: (row: Row) => string[];
  },
): (row: Row) => Parts {
  return (row) => {
    const answers = references(row);
    return {
      context: `${instruction}\n\n${row.text('context')}\n\n`,
      question: ask(row),
      answerPrefix: prefix,
      references: answers,
      gold: answers[0],
    };
  };
}

const letters = ['A', 'B', 'C', 'D'] as const;

function optionLines(row: Row): string {
  const options = row.texts('options');
  if (options.length !== letters.length)
    row.fail(`the column "options" has ${options.length} entries, not 4`);
  return letters.map((letter, i) => `${letter}. ${options[i]}\n`).join('');
}

/** The letter of the answer, which the data give by its text. */
function letterOf(row: Row): string {
  const [answer = ''] = answersOf(row);
  const letter = letters[row.texts('options').indexOf(answer)];
  return letter ?? row.fail('the column "answer" is none of the options');
}

function choice(row: Row): Parts {
  const letter = letterOf(row);
  return {
    context: `Read this book. A question about it with four options follows.\n\n${row.text('context')}\n\n`,
    question: `${row.text('input')}\n${optionLines(row)}Answer with the letter of the one right option.\n`,
    answerPrefix: 'The right option is',
    references: [...answersOf(row), letter],
    gold: letter,
  };
}

function codeDebug(row: Row): Parts {
  const letter = letterOf(row);
  const [name = ''] = answersOf(row);
  return {
    context: `One function of this Python code has a deliberate error that makes it crash.\n\n${row.text('context')}\n\n`,
    question: `Which function has the error?\n${optionLines(row)}Answer with the letter of the one right option.\n`,
    answerPrefix: 'The right option is',
    references: [name, letter],
    gold: letter,
  };
}

/** Values of `math_calc` that gold names: more than teacher forcing runs over. */
export const goldValues = 64;

function mathCalc(row: Row): Parts {
  const values = answersOf(row);
  return {
    context: `Give the value of each expression after every operation.\n\nExpression: 2 + 5 - 4\nValues: [2, 7, 3]\n\nExpression: ${row.text('context')}\n`,
    question: '',
    answerPrefix: 'Values:',
    references: values,
    gold: `[${values.slice(0, goldValues).join(', ')}`,
  };
}

/** A label as the metric reads it: a median is a float in these data, a whole one too. */
function numberText(label: string, row: Row): string {
  const isWhole = /^-?\d+$/.test(label);
  return isWhole && /median/i.test(row.text('input')) ? `${label}.0` : label;
}

function found(row: Row, pattern: RegExp, what: string): string {
  return (
    pattern.exec(row.text('input'))?.[1] ?? row.fail(`the column "input" does not name ${what}`)
  );
}
