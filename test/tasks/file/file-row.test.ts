import test from 'ava';
import { Row } from '../../../ts/tasks/data/row.js';
import { filePrompts } from '../../../ts/tasks/file/file-row.js';

const context = 'A long text.\n';
const prompts = (values: object) =>
  filePrompts(new Row({ context, ...values }, 'my.jsonl, line 3'));

test('a row with a question and an answer is one prompt with the defaults', (t) => {
  t.deepEqual(prompts({ question: 'Which?', answer: 'this' }), [
    {
      context,
      question: 'Which?',
      answerPrefix: '',
      references: ['this'],
      gold: 'this',
      maxNewTokens: 64,
      metric: 'string_match_part',
    },
  ]);
});

test('several questions of a row share its context and what it says of all', (t) => {
  const row = {
    questions: ['a?', { question: 'b?', answer: 7, max_new_tokens: 3, metric: 'first_integer' }],
    answer_prefix: ' It is',
    max_new_tokens: 12,
  };
  const found = prompts(row).map(({ question, references, maxNewTokens, metric, answerPrefix }) => [
    question,
    references,
    maxNewTokens,
    metric,
    answerPrefix,
  ]);
  t.deepEqual(found, [
    ['a?', [], 12, 'string_match_part', ' It is'],
    ['b?', ['7'], 3, 'first_integer', ' It is'],
  ]);
});

test('context, question and answer prefix are set apart where they have no border', (t) => {
  const parts = (values: object) => {
    const [prompt] = filePrompts(new Row({ context: 'Text.', ...values }, 'x'));
    return [prompt?.question, prompt?.answerPrefix];
  };
  t.deepEqual(parts({ question: 'Why?', answer_prefix: 'It is' }), ['\n\nWhy?', '\nIt is']);
  t.deepEqual(parts({ question: ' Why?\n', answer_prefix: 'It is' }), [' Why?\n', 'It is']);
  t.deepEqual(parts({ question: 'Why?' }), ['\n\nWhy?', '']);
  t.deepEqual(parts({ question: '', answer_prefix: 'So' }), ['', 'So']);
});

test('answers beside questions belong to them one by one', (t) => {
  const found = prompts({ questions: ['a?', 'b?', 'c?'], answers: ['x', ['y', 'z'], null] });
  t.deepEqual(
    found.map(({ references }) => references),
    [['x'], ['y', 'z'], []],
  );
});

test('gold is the first answer, or all of them where all are wanted', (t) => {
  const gold = (metric: string) =>
    prompts({ question: 'Which?', answers: ['x', 'y'], metric })[0]?.gold;
  t.is(gold('string_match_part'), 'x');
  t.is(gold('string_match_all'), 'x, y');
});

test('without a question the end of the context is the question', (t) => {
  const [prompt] = filePrompts(new Row({ context: 'Read this.\n\nWhat is it?' }, 'x'));
  t.like(prompt, { context: 'Read this.\n\n', question: 'What is it?', references: [] });
});

const refuses = test.macro({
  exec(t, values: object, message: RegExp) {
    t.throws(() => prompts(values), { code: 'ERR_DATA', message });
    t.throws(() => prompts(values), { message: /^my\.jsonl, line 3/ });
  },
  title: (what = '') => `${what} is refused`,
});

test(
  'a row without a context',
  refuses,
  { context: undefined, question: 'a' },
  /"context" is missing/,
);
test('an empty context', refuses, { context: ' \n' }, /"context" is empty/);
test('an empty question', refuses, { question: ' ' }, /the column "question" is empty/);
test('a context of one word that stands alone', refuses, { context: 'word' }, /at least two words/);
test(
  'a slip of a column',
  refuses,
  { quesiton: 'a' },
  /no column "quesiton" \(did you mean "question"\?\)/,
);
test(
  'a slip of a metric',
  refuses,
  { question: 'a', metric: 'token_f2' },
  /no metric "token_f2": use token_f1/,
);
test(
  'a metric that is none',
  refuses,
  { question: 'a', metric: 'bertscore!' },
  /use one of string_match_all/,
);
test('a question and questions', refuses, { question: 'a', questions: ['b'] }, /not both/);
test('an empty list of questions', refuses, { questions: [] }, /"questions" is empty/);
test(
  'a question that is a number',
  refuses,
  { questions: [3] },
  /question 1 is neither a text nor/,
);
test(
  'one answer for several questions',
  refuses,
  { questions: ['a'], answer: 'x' },
  /give "answers"/,
);
test(
  'a list of answers that is too short',
  refuses,
  { questions: ['a', 'b'], answers: ['x'] },
  /has 1 entries for 2 questions/,
);
test(
  'an answer that is an object',
  refuses,
  { question: 'a', answer: { x: 1 } },
  /"answer" is no text/,
);
test(
  'a limit of no tokens',
  refuses,
  { question: 'a', max_new_tokens: 0 },
  /"max_new_tokens" is no whole number/,
);
test(
  'a question of several without its text',
  refuses,
  { questions: ['a', { answer: 'x' }] },
  /line 3, question 2: the column "question" is missing/,
);

test('columns of the user stay', (t) => {
  t.is(prompts({ question: 'a', id: 7, source: 'web', answer_id: 'x', length: 3 }).length, 1);
});
