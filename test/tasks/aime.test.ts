import test from 'ava';
import { resolveTask } from '../../ts/tasks/registry.js';
import { contextsOf, dataFolder, taskOver, withContexts } from '../helpers/data-folder.js';
import { jsonLinesOf, parquetOf } from '../helpers/data-rows.js';

test('prepared problems are scored by their number and have no gold', async (t) => {
  const row = {
    context: 'Solve it.',
    question: 'What is the answer to this problem?',
    answer_prefix: '',
    answer: '73',
    id: '2024-I-1',
    max_new_tokens: 32_000,
  };
  const data = await dataFolder(t, {
    'aime2024/test-00000-of-00001.parquet': parquetOf(withContexts(row, 'context')),
  });
  const task = await taskOver('aime2024', data);
  const [context] = await contextsOf(task);
  const [question] = context?.questions ?? [];
  if (question === undefined) return t.fail('no question');
  t.like(question, { references: ['73'], maxNewTokens: 32_000 });
  t.false('gold' in question);
  t.is(task.score('so \\boxed{073}', question), 1);
  const [short] = await contextsOf(await taskOver('aime2024@4096', data));
  t.is(short?.questions[0]?.maxNewTokens, 2048);
});

test('original problems are worded by us, under either name of their columns', async (t) => {
  const data = await dataFolder(t, {
    'aime2024/train.jsonl': jsonLinesOf(
      withContexts({ Problem: 'PROBLEM', Answer: 73 }, 'Problem'),
    ),
    'aime2025/train.jsonl': jsonLinesOf(
      withContexts({ problem: 'PROBLEM', answer: '7' }, 'problem'),
    ),
  });
  for (const [id, answer] of [
    ['aime2024', '73'],
    ['aime2025', '7'],
  ] as const) {
    const [context] = await contextsOf(await taskOver(id, data));
    t.true(context?.text.includes('\n\nPROBLEM\n\n'));
    t.deepEqual(context?.questions[0]?.references, [answer]);
  }
});

test('a subset of the one task is refused', (t) => {
  t.throws(() => resolveTask('aime2024/I'), { code: 'ERR_TASK', message: /has no subsets/ });
});
