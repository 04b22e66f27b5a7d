import type { DataPrompt } from '../data/prompt.js';
import type { Row } from '../data/row.js';

/** How a subset's prompt is worded; the question is the row's `input`. */
interface Wording {
  readonly instruction: string;
  readonly ask: (input: string) => string;
  readonly answerPrefix: string;
  /** The prepared data allow 20 more, and so do we. */
  readonly answerTokens: number;
}

const brief = 'A question about it follows; answer in a few words and explain nothing.';

function question(text: string, answerTokens: number): Wording {
  const ask = (input: string) => `Question: ${input}\n`;
  return { instruction: `${text} ${brief}`, ask, answerPrefix: 'Answer:', answerTokens };
}

function summary(text: string, wanted: string): Wording {
  const ask = () => `${wanted}\n`;
  return { instruction: text, ask, answerPrefix: 'Summary:', answerTokens: 512 };
}

/** Worked examples, and one to be gone on with; its `input` ends with the start of the answer. */
function examples(text: string, answerPrefix: string, answerTokens: number): Wording {
  const ask = (input: string) =>
    input.endsWith(answerPrefix) ? input.slice(0, -answerPrefix.length) : input;
  return { instruction: text, ask, answerPrefix, answerTokens };
}

const passages = question('Read these passages.', 32);
const code: Wording = {
  instruction: 'Go on with this code.',
  ask: (input) => input,
  answerPrefix: 'Next line of code:\n',
  answerTokens: 64,
};

const wordings: Readonly<Record<string, Wording>> = {
  narrativeqa: question('Read this story.', 128),
  qasper: question(
    'Read this paper. Where it does not tell, the answer is "unanswerable"; to a question of yes or no it is "yes", "no" or "unanswerable".',
    128,
  ),
  multifieldqa_en: question('Read this text.', 64),
  multifieldqa_zh: {
    instruction: '请阅读下面的文字。后面有一个问题，请用中文简短回答。',
    ask: (input) => `问题：${input}\n`,
    answerPrefix: '回答：',
    answerTokens: 64,
  },
  hotpotqa: passages,
  '2wikimqa': passages,
  musique: passages,
  dureader: {
    instruction: '请阅读下面的文章，然后回答问题。',
    ask: (input) => `问题：${input}\n`,
    answerPrefix: '回答：',
    answerTokens: 128,
  },
  gov_report: summary('Read this report.', 'Write a summary of the report in one page.'),
  qmsum: {
    instruction: 'Read this transcript of a meeting. A request about it follows.',
    ask: (input) => `Request: ${input}\n`,
    answerPrefix: 'Answer:',
    answerTokens: 512,
  },
  multi_news: summary('Read these news.', 'Write a summary of all the news in one page.'),
  vcsum: {
    instruction: '请阅读下面的会议记录。',
    ask: () => '请总结会议内容。\n',
    answerPrefix: '会议总结：',
    answerTokens: 512,
  },
  trec: examples('These are questions with their types.', 'Type:', 64),
  triviaqa: examples('These are passages with questions and their answers.', 'Answer:', 32),
  samsum: examples('These are dialogues with their summaries.', 'Summary:', 128),
  lsht: examples('下面是一些新闻和它们的类别。', '类别：', 64),
  passage_count: {
    instruction: 'Some of these paragraphs are there more than once.',
    ask: () => 'How many different paragraphs are there? Answer with the number alone.\n',
    answerPrefix: 'The number is',
    answerTokens: 32,
  },
  passage_retrieval_en: {
    instruction: 'These are 30 paragraphs. A summary of one of them follows.',
    ask: (input) =>
      `${input}\n\nWhich paragraph is it of? Answer with its number, such as "Paragraph 1".\n`,
    answerPrefix: 'It is of',
    answerTokens: 32,
  },
  passage_retrieval_zh: {
    instruction: '下面是一些段落。后面是其中一个段落的摘要。',
    ask: (input) => `${input}\n\n摘要出自哪一段？请回答编号，例如“段落1”。\n`,
    answerPrefix: '答案是：',
    answerTokens: 32,
  },
  lcc: code,
  'repobench-p': code,
};

export const longBenchSubsetsOfAnyLength: readonly string[] = Object.keys(wordings);

/**
 * The prompt of a row of the original data (context, input, answers, all_classes, length), in our own words.
 *
 * @param subset - without `_e`
 * @throws {SparseTuneError} `ERR_DATA` naming a column that is missing or wrong
 */
export function originalPrompt(subset: string, row: Row): DataPrompt {
  const wording = wordings[subset] ?? row.fail(`there is no subset ${subset}`);
  const references = row.texts('answers');
  return {
    context: `${wording.instruction}\n\n${row.text('context')}\n\n`,
    question: wording.ask(row.text('input')),
    answerPrefix: wording.answerPrefix,
    references,
    gold: references[0],
    maxNewTokens: wording.answerTokens + 20,
  };
}
