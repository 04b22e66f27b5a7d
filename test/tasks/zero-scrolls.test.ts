import test from 'ava';
import { contextsOf, dataFolder, taskOver, withContexts } from '../helpers/data-folder.js';
import { jsonLinesOf, parquetOf } from '../helpers/data-rows.js';

test('prepared rows have no references and no gold, whatever their answer column holds', async (t) => {
  const row = {
    context: 'CONTEXT',
    question: '\n\nQuestion:\nWho?\n\n',
    answer_prefix: 'Answer:',
    answer: '',
    task: 'qasper',
    max_new_tokens: 128,
  };
  const data = await dataFolder(t, {
    'qasper/test-00000-of-00001.parquet': parquetOf(withContexts(row, 'context')),
  });
  const task = await taskOver('zero_scrolls/qasper', data);
  const [context] = await contextsOf(task);
  const [question] = context?.questions ?? [];
  if (question === undefined) return t.fail('no question');
  t.like(question, { references: [], answerPrefix: 'Answer:', maxNewTokens: 128 });
  t.false('gold' in question);
  const scale = task.upstreamScale?.([{ question, prediction: 'two words' }]);
  t.is(scale?.['overall'], null);
  t.true((scale?.['qasper.response_length'] ?? 0) > 0);
});

test('an original row is cut where it says that document and query end', async (t) => {
  const [document, query] = ['A story about Bo.\n\n', 'Question:\nWho?\n\n'];
  const row = {
    id: 'x',
    input: `${document}${query}Answer:\n`,
    output: null,
    document_start_index: 0,
    document_end_index: document.length,
    query_start_index: document.length,
    query_end_index: document.length + query.length,
  };
  const rows = [1, 2, 3].map((i) => ({
    ...row,
    input: row.input.replace('story', `tale${i}`),
  }));
  const data = await dataFolder(t, { 'quality.jsonl': jsonLinesOf(rows) });
  const [context] = await contextsOf(await taskOver('zero_scrolls/quality', data));
  t.is(context?.text, document.replace('story', 'tale1'));
  t.like(context?.questions[0], { question: query, answerPrefix: 'Answer:', maxNewTokens: 10 });
});
