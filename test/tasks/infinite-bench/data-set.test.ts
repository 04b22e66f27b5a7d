import test from 'ava';
import type { TaskQuestion } from '../../../ts/tasks/task.js';
import { contextsOf, dataFolder, taskOver, withContexts } from '../../helpers/data-folder.js';
import { jsonLinesOf, parquetOf } from '../../helpers/data-rows.js';

type Parts = Partial<TaskQuestion> & { readonly text?: string };

/** The first question of rows in a file of the original or the prepared form, and a right and a wrong answer. */
const asks = test.macro({
  async exec(
    t,
    { subset, row, isPrepared }: { subset: string; row: object; isPrepared?: boolean },
    expected: Parts,
    answers: readonly [right: string, wrong: string],
  ) {
    const rows = withContexts({ context: 'CONTEXT', ...row }, 'context');
    const path = isPrepared ? `${subset}/test-00000-of-00001.parquet` : `${subset}.jsonl`;
    const file = isPrepared ? parquetOf(rows as never) : jsonLinesOf(rows);
    const task = await taskOver(`infinite_bench/${subset}`, await dataFolder(t, { [path]: file }));
    const [context] = await contextsOf(task);
    const [question] = context?.questions ?? [];
    if (context === undefined || question === undefined) return t.fail('no question');
    const { text, ...parts } = expected;
    t.like(question, parts);
    if (text !== undefined) t.is(context.text, text);
    t.true(context.text.includes('CONTEXT'));
    t.deepEqual(
      answers.map((answer) => Number(task.score(answer, question).toFixed(6))),
      [1, 0],
    );
  },
  title: (what = '', { subset, isPrepared }: { subset: string; isPrepared?: boolean }) =>
    `${what}${isPrepared ? 'prepared' : 'original'} rows of ${subset} become prompts with their answers`,
});

const prepared = (subset: string, row: object) => ({ subset, row, isPrepared: true });
const original = (subset: string, row: object) => ({ subset, row: { options: [], ...row } });
const columns = (question: string, answer_prefix: string, answer: string[], max: number) => ({
  context: 'Read it.\n\nCONTEXT\n\n',
  question,
  answer_prefix,
  answer,
  task: 'a name',
  max_new_tokens: max,
});

test(
  asks,
  prepared('passkey', columns('What is the pass key?', 'The pass key is:', ['01234'], 26)),
  {
    text: 'Read it.\n\nCONTEXT\n\n',
    question: 'What is the pass key?',
    answerPrefix: 'The pass key is:',
    gold: ' 01234',
    references: ['01234'],
    maxNewTokens: 26,
  },
  [' 01234, of course', '1234'],
);
test(
  asks,
  prepared(
    'code_debug',
    columns('Which?\n\nOptions:\nA. load\nB. a.save\nC. c\nD. d', 'It is', ['B'], 25),
  ),
  { references: ['a.save', 'B'], gold: ' B' },
  [' B', ' A'],
);
test(
  asks,
  prepared('code_run', columns('What does func_1(3) return?', 'It is:', ['-16'], 25)),
  { references: ['-16'], gold: ' -16' },
  [' -16', ' 16'],
);
test(
  asks,
  prepared('math_find', columns('The median number is:', '', ['14.5'], 23)),
  { references: ['14.5'], answerPrefix: '', gold: ' 14.5' },
  [' 14.5', ' 14'],
);

test(
  asks,
  original('passkey', { input: 'What is the pass key?', answer: ['01234'] }),
  {
    question: 'What is the pass key?',
    answerPrefix: ' The pass key is',
    gold: ' 01234',
    maxNewTokens: 26,
  },
  ['01234', '1234'],
);
test(
  asks,
  original('number_string', { input: 'What is the sequence?', answer: ['2200012222'] }),
  { references: ['2200012222'], maxNewTokens: 32 },
  ['2200012222', '220001222'],
);
test(
  asks,
  original('kv_retrieval', {
    input: '\nKey: "ce06-7881"\nThe value ... is: ',
    answer: ['00a0-0042'],
  }),
  { question: 'Key: "ce06-7881"\n', answerPrefix: 'Value: "', gold: '00a0-0042', maxNewTokens: 70 },
  ['00a0-0042"', 'ce06-7881"'],
);
test(
  asks,
  original('math_find', {
    input: 'Answer with one number. The second largest number of the list is:',
    answer: [98],
  }),
  {
    question: 'What is the second largest number of this list? Answer with the number alone.\n',
    references: ['98'],
    maxNewTokens: 23,
  },
  ['98', '99'],
);
test(
  'a median: ',
  asks,
  original('math_find', { input: 'The median number of the list is:', answer: 14 }),
  { references: ['14.0'] },
  ['14', '15'],
);
test(
  asks,
  original('math_calc', { input: 'what', answer: [5, 7, 3] }),
  {
    question: '',
    answerPrefix: 'Values:',
    references: ['5', '7', '3'],
    gold: ' [5, 7, 3',
    maxNewTokens: 30_020,
  },
  ['[5, 7, 3]', '[4, 7, 3]'],
);
test(
  asks,
  original('code_run', {
    input: 'Give the return value of func_7(-3). Be concise.',
    answer: [-16],
  }),
  { question: 'What does func_7(-3) return? Answer with the number alone.\n', references: ['-16'] },
  [' -16', ' 16'],
);
test(
  asks,
  original('code_debug', {
    input: 'Which?',
    answer: ['save'],
    options: ['load', 'save', 'x', 'y'],
  }),
  { references: ['save', 'B'], gold: ' B' },
  [' B', ' C'],
);
test(
  asks,
  original('longbook_choice_eng', {
    input: 'Who?',
    answer: ['Bo'],
    options: ['Al', 'Cy', 'Di', 'Bo'],
  }),
  {
    question: 'Who?\nA. Al\nB. Cy\nC. Di\nD. Bo\nAnswer with the letter of the one right option.\n',
    references: ['Bo', 'D'],
    gold: ' D',
    maxNewTokens: 60,
  },
  [' D', ' A'],
);
test(
  asks,
  original('longbook_qa_eng', { input: 'Who?', answer: ['Bo', 'Mr Bo'] }),
  {
    question: 'Question: Who?\n',
    answerPrefix: 'Answer:',
    references: ['Bo', 'Mr Bo'],
    gold: ' Bo',
  },
  ['bo', 'Al'],
);
test(
  asks,
  original('longbook_qa_chn', { input: '谁？', answer: ['张三'] }),
  { question: '问题：谁？\n', answerPrefix: '回答：' },
  ['张三', '李四'],
);
test(
  asks,
  original('longdialogue_qa_eng', {
    input: 'Which character is $$MASK$$ ?',
    answer: ['ACE', 'ACE ROTH'],
  }),
  { references: ['ACE', 'ACE ROTH'], gold: ' ACE' },
  [' Ace', ' Bo'],
);
test(
  asks,
  original('longbook_sum_eng', { input: 'Summarize', answer: ['A man walks home'] }),
  { answerPrefix: 'Summary:', gold: ' A man walks home', maxNewTokens: 1220 },
  ['A man walks home', 'Nothing'],
);

const refuses = test.macro({
  async exec(t, subset: string, row: object, message: RegExp) {
    const rows = [{ context: 'c', options: [], ...row }];
    const data = await dataFolder(t, { [`${subset}.jsonl`]: jsonLinesOf(rows) });
    const task = await taskOver(`infinite_bench/${subset}`, data);
    await t.throwsAsync(contextsOf(task), { code: 'ERR_DATA', message });
  },
  title: (what = '') => `${what} is refused with its place`,
});

test(
  'a row without an answer',
  refuses,
  'passkey',
  { input: 'a' },
  /^passkey\.jsonl, line 1: the column "answer" is missing/,
);
test(
  'a key that is not quoted',
  refuses,
  'kv_retrieval',
  { input: 'Key: a', answer: 'b' },
  /line 1: the column "input" does not name a key/,
);
test(
  'an answer that is no option',
  refuses,
  'code_debug',
  { input: 'a', answer: ['z'], options: ['a', 'b', 'c', 'd'] },
  /the column "answer" is none of the options/,
);
test(
  'a row of three options',
  refuses,
  'longbook_choice_eng',
  { input: 'a', answer: ['a'], options: ['a', 'b', 'c'] },
  /the column "options" has 3 entries, not 4/,
);

test('a long text is cut in the middle, unless the user says otherwise', async (t) => {
  const rows = withContexts({ context: 'c', input: 'What?', answer: ['1'] }, 'context');
  const data = await dataFolder(t, { 'passkey.jsonl': jsonLinesOf(rows) });
  const task = await taskOver('infinite_bench/passkey@4096', data);
  t.is(task.id, 'infinite_bench/passkey@4096');
  t.like(task.parameters, { length: 4096, truncate: 'middle' });
  const [context] = await contextsOf(task);
  t.deepEqual(context?.cut, { length: 4096, truncate: 'middle' });
});

const settles = test.macro({
  async exec(t, subset: string, answer: unknown, open: readonly string[], done: readonly string[]) {
    const row = { context: 'c', input: '"a" The largest of', answer, options: [] };
    const data = await dataFolder(t, {
      [`${subset}.jsonl`]: jsonLinesOf(withContexts(row, 'context')),
    });
    const task = await taskOver(`infinite_bench/${subset}`, data);
    const [context] = await contextsOf(task);
    const isSettled = (prediction: string) =>
      task.isSettled?.(prediction, context?.questions[0] as TaskQuestion);
    for (const text of open) t.false(isSettled(text), text);
    for (const text of done) t.true(isSettled(text), text);
  },
  title: (_, subset) => `an answer of ${subset} is settled when nothing can change its score`,
});

test(settles, 'passkey', '01234', ['', ' key 01234'], ['01234.', '9 ']);
test(
  settles,
  'kv_retrieval',
  'a.b',
  ['a.b', 'axb"', 'x'],
  ['a.b"', ' a.b '].map((text) => text),
);
test(settles, 'math_find', 14, ['14', '14.', '14.5'], ['14 ', '14. ', '14.5.']);
test(settles, 'math_calc', [5, 7], ['[5, 7', '[5'], ['[5, 8,', '[5, 7]']);
