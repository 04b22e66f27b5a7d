import test from 'ava';
import { contextsOf, dataFolder, taskOver, withContexts } from '../../helpers/data-folder.js';
import { jsonLinesOf, parquetOf } from '../../helpers/data-rows.js';

const pairs = `[{'Q': "Who's there?", 'A': 'It is\\n"Bo"', 'S': ['line 1', 'line 2']}, {'Q': 'When?', 'A': 1912, 'S': None}]`;
const document = { input: 'DOCUMENT', title: 'A title', output: 'A short summary.' };

test('a document of the original is one context with all its questions', async (t) => {
  const rows = withContexts({ ...document, qa_pairs: pairs }, 'input');
  const data = await dataFolder(t, { 'LooGLE-testdata/shortdep_qa.jsonl': jsonLinesOf(rows) });
  const task = await taskOver('loogle/shortdep_qa', data);
  const [context] = await contextsOf(task);
  t.true(context?.text.endsWith('\nDOCUMENT\n'));
  t.deepEqual(
    context?.questions.map(({ question, answerPrefix, references, gold, maxNewTokens }) => [
      question,
      answerPrefix,
      references,
      gold,
      maxNewTokens,
    ]),
    [
      ["\nQuestion: Who's there?\n", 'Answer:', ['It is\n"Bo"'], ' It is\n"Bo"', 300],
      ['\nQuestion: When?\n', 'Answer:', ['1912'], ' 1912', 300],
    ],
  );
  const [question] = context?.questions ?? [];
  t.is(question && task.score('It is "Bo"', question), 1);
});

test('masked names of the original are a dict by their masks', async (t) => {
  const cloze = `[{'Q': '<mask-0> met <mask-1>.', 'A': {'<mask-0>': "D'Arcy", '<mask-1>': 'Rome'}, 'S': 'x'}]`;
  const rows = withContexts({ ...document, qa_pairs: cloze }, 'input');
  const data = await dataFolder(t, { 'shortdep_cloze.jsonl': jsonLinesOf(rows) });
  const task = await taskOver('loogle/shortdep_cloze', data);
  const [context] = await contextsOf(task);
  const [question] = context?.questions ?? [];
  t.deepEqual(question?.references, [`{"<mask-0>":"D'Arcy","<mask-1>":"Rome"}`]);
  t.is(question?.gold, ` {"<mask-0>":"D'Arcy","<mask-1>":"Rome"}`);
  t.is(question && task.score(`{'<mask-0>': "D'Arcy", '<mask-1>': 'Paris'}`, question), 0.5);
});

test('a paper of the original is summarised, its pairs being none', async (t) => {
  const rows = withContexts({ ...document, qa_pairs: 'none' }, 'input');
  const data = await dataFolder(t, { 'longdep_summarization.jsonl': jsonLinesOf(rows) });
  const [context] = await contextsOf(await taskOver('loogle/longdep_summarization', data));
  t.like(context?.questions[0], {
    answerPrefix: 'Summary:',
    references: ['A short summary.'],
    maxNewTokens: 500,
  });
});

test("the hub's newer rows have a question each", async (t) => {
  const row = { context: 'DOCUMENT', question: '<mask-0> met <mask-1>.', answer: ['Al', 'Bo'] };
  const summary = { context: 'DOCUMENT', question: '', answer: 'Short.' };
  const data = await dataFolder(t, {
    'shortdep_cloze/test-00000-of-00001.parquet': parquetOf(withContexts(row, 'context')),
    'summarization/test-00000-of-00001.parquet': parquetOf(withContexts(summary, 'context')),
  });
  const [cloze] = await contextsOf(await taskOver('loogle/shortdep_cloze', data));
  t.deepEqual(cloze?.questions[0]?.references, ['{"<mask-0>":"Al","<mask-1>":"Bo"}']);
  const [paper] = await contextsOf(await taskOver('loogle/longdep_summarization', data));
  t.deepEqual(paper?.questions[0]?.references, ['Short.']);
});

test('prepared rows are taken as they are', async (t) => {
  const row = {
    context: 'Answer. \nDOCUMENT',
    question: '\nQuestion: Who?\n',
    answer_prefix: 'Answer: ',
    answer: 'Bo',
    task: 'longdep_qa',
    max_new_tokens: 500,
  };
  const data = await dataFolder(t, {
    'longdep_qa/test-00000-of-00001.parquet': parquetOf(withContexts(row, 'context')),
  });
  const [context] = await contextsOf(await taskOver('loogle/longdep_qa', data));
  t.is(context?.text, 'Answer. \nDOCUMENT');
  t.like(context?.questions[0], {
    question: '\nQuestion: Who?\n',
    answerPrefix: 'Answer:',
    gold: ' Bo',
    maxNewTokens: 500,
  });
});

const refuses = test.macro({
  async exec(t, qa_pairs: unknown, message: RegExp) {
    const data = await dataFolder(t, {
      'shortdep_qa.jsonl': jsonLinesOf([{ ...document, qa_pairs }]),
    });
    const task = await taskOver('loogle/shortdep_qa', data);
    const error = await t.throwsAsync(contextsOf(task), { code: 'ERR_DATA', message });
    t.true(error?.message.startsWith('shortdep_qa.jsonl, line 1: '));
  },
  title: (what = '') => `qa_pairs of ${what} are refused`,
});

test('a call', refuses, '[print(1)]', /"qa_pairs" is no Python literal/);
test('an unfinished list', refuses, "[{'Q': 'a', 'A': 'b'}", /is no Python literal/);
test('a dict', refuses, "{'Q': 'a'}", /is no list/);
test('texts', refuses, "['a']", /pair 1 of the column "qa_pairs" is no dict/);
test('a pair without Q', refuses, "[{'Q': 'a', 'A': 'b'}, {'A': 'b'}]", /pair 2 .* has no text Q/);
test('a pair without A', refuses, "[{'Q': 'a', 'A': None}]", /has no A that can be read/);
test('a list in place of its text', refuses, [1], /the column "qa_pairs" is no text/);
