import test from 'ava';
import { contextsOf, dataFolder, taskOver, withContexts } from '../../helpers/data-folder.js';
import { jsonLinesOf, parquetOf } from '../../helpers/data-rows.js';

const original = {
  _id: 'x',
  domain: 'Law',
  difficulty: 'hard',
  length: 'short',
  question: 'Who? ',
  choice_A: 'Al',
  choice_B: 'Bo',
  choice_C: 'Cy',
  choice_D: 'Di',
  answer: 'B',
  context: 'CONTEXT',
};
const prepared = {
  ...original,
  question: 'Which?\n(A) Al\n',
  answer_prefix: 'Answer so.',
  max_new_tokens: 148,
};

test('the one file of the original serves both styles', async (t) => {
  const rows = withContexts(original, 'context');
  const data = await dataFolder(t, { 'data.json': JSON.stringify(rows) });
  const [direct] = await contextsOf(await taskOver('longbench_v2/0shot', data));
  t.like(direct?.questions[0], {
    question:
      'Who?\n(A) Al\n(B) Bo\n(C) Cy\n(D) Di\nAnswer in the form "The correct answer is (A)".\n',
    references: ['B'],
    gold: ' The correct answer is (B)',
    maxNewTokens: 148,
  });
  t.deepEqual(direct?.questions[0]?.facts, { length: 'short', difficulty: 'hard' });
  const [thinking] = await contextsOf(await taskOver('longbench_v2/cot', data));
  t.like(thinking?.questions[0], { references: ['B'], maxNewTokens: 1044 });
  t.false('gold' in (thinking?.questions[0] ?? {}));
});

test('prepared rows keep their prompts; the first answer in brackets settles', async (t) => {
  const data = await dataFolder(t, {
    'cot/test-00000-of-00001.parquet': parquetOf(withContexts(prepared, 'context')),
  });
  const task = await taskOver('longbench_v2/cot', data);
  const [context] = await contextsOf(task);
  const [question] = context?.questions ?? [];
  if (question === undefined) return t.fail('no question');
  t.like(question, { question: 'Which?\n(A) Al\n', answerPrefix: 'Answer so.' });
  t.is(task.score('So: The correct answer is **(B)**.', question), 1);
  t.true(task.isSettled?.('The correct answer is (A)', question));
  t.false(task.isSettled?.('The correct answer is A', question));
  t.is(task.upstreamScale?.([{ question, prediction: 'The correct answer is (B)' }])['hard'], 100);
});

test('an answer that is no letter, and a difficulty that is none, are refused', async (t) => {
  const refused = async (changes: object, message: RegExp) => {
    const rows = [{ ...original, ...changes }];
    const data = await dataFolder(t, { '0shot.jsonl': jsonLinesOf(rows) });
    const task = await taskOver('longbench_v2/0shot', data);
    await t.throwsAsync(contextsOf(task), { code: 'ERR_DATA', message });
  };
  await refused({ answer: 'E' }, /"answer" is no letter from A to D/);
  await refused({ difficulty: 'medium' }, /"difficulty" is no one of easy, hard, but "medium"/);
  await refused({ choice_C: undefined }, /"choice_C" is missing/);
});
