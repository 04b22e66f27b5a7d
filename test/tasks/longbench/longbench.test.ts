import test from 'ava';
import { longBenchSubsets } from '../../../ts/tasks/longbench/longbench.js';
import { contextsOf, dataFolder, taskOver, withContexts } from '../../helpers/data-folder.js';
import { jsonLinesOf, parquetOf } from '../../helpers/data-rows.js';

test('prepared rows keep their answers, classes and length', async (t) => {
  const row = {
    context: 'CONTEXT',
    question: 'Question: What is a yak ?\n',
    answer_prefix: 'Type:',
    answers: ['Animal'],
    all_classes: ['Animal', 'Date'],
    length: 5120,
    task: 'trec_e',
    max_new_tokens: 84,
  };
  const data = await dataFolder(t, {
    'trec_e/test-00000-of-00001.parquet': parquetOf(withContexts(row, 'context')),
  });
  const task = await taskOver('longbench/trec_e', data);
  const [context] = await contextsOf(task);
  const [question] = context?.questions ?? [];
  if (question === undefined) return t.fail('no question');
  t.like(question, { question: 'Question: What is a yak ?\n', gold: ' Animal', maxNewTokens: 84 });
  t.deepEqual(question.facts, { classes: ['Animal', 'Date'], words: 5120 });
  t.is(task.score('\nAnimal\nDate', question), 1);
  t.is(task.score('Animal or Date', question), 0.5);
  const scale = task.upstreamScale?.([{ question, prediction: 'Animal' }]);
  t.is(scale?.['trec_e.4-8k'], 100);
  t.is(scale?.['trec_e.0-4k'], null);
});

const asks = test.macro({
  async exec(t, subset: string, input: string, question: string, answerPrefix: string) {
    const row = {
      input,
      context: 'CONTEXT',
      answers: ['so', 'thus'],
      all_classes: null,
      length: 9,
    };
    const data = await dataFolder(t, {
      [`data/${subset}.jsonl`]: jsonLinesOf(withContexts(row, 'context')),
    });
    const [context] = await contextsOf(await taskOver(`longbench/${subset}`, data));
    t.true(context?.text.includes('\n\nCONTEXT\n\n'));
    t.like(context?.questions[0], { question, answerPrefix, gold: ' so' });
  },
  title: (_, subset) => `original rows of ${subset} become prompts in our words`,
});

test(asks, 'narrativeqa', 'Who?', 'Question: Who?\n', 'Answer:');
test(asks, 'gov_report', '', 'Write a summary of the report in one page.\n', 'Summary:');
test(asks, 'trec', 'Question: A yak?\nType:', 'Question: A yak?\n', 'Type:');
test(asks, 'lcc', '', '', 'Next line of code:\n');
test(
  asks,
  'passage_retrieval_zh',
  '摘要',
  '摘要\n\n摘要出自哪一段？请回答编号，例如“段落1”。\n',
  '答案是：',
);

test('every subset has prompts, and a score where it needs no Chinese word splitter', async (t) => {
  t.is(longBenchSubsets.length, 21 + 13);
  const row = { input: 'i', context: 'c', answers: ['a'], all_classes: ['a'], length: 9 };
  for (const subset of longBenchSubsets) {
    const data = await dataFolder(t, {
      [`${subset}.jsonl`]: jsonLinesOf(withContexts(row, 'context')),
    });
    const [context] = await contextsOf(await taskOver(`longbench/${subset}`, data));
    const [question] = context?.questions ?? [];
    const isScored = !['multifieldqa_zh', 'dureader', 'vcsum'].includes(subset);
    t.is((question?.references.length ?? 0) > 0, isScored, subset);
    t.is(question?.gold, ' a', subset);
  }
});
