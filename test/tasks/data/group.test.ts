import test from 'ava';
import { groupPrompts, toContext } from '../../../ts/tasks/data/group.js';
import type { DataPrompt } from '../../../ts/tasks/data/prompt.js';

function prompt(context: string, changes: Partial<DataPrompt> = {}): DataPrompt {
  return {
    context,
    question: 'Why?\n',
    answerPrefix: 'Answer: ',
    references: ['so', 'thus'],
    gold: 'so',
    maxNewTokens: 128,
    ...changes,
  };
}

const options = { split: 'test', cut: undefined, isGraded: true } as const;

function only(changes: Partial<DataPrompt>, more: Partial<Parameters<typeof toContext>[1]> = {}) {
  const [group] = groupPrompts([prompt('text', changes)]);
  if (group === undefined) throw new Error('no group');
  const [question] = toContext(group, { ...options, ...more }).questions;
  return question;
}

test('rows with one context are one group, in the order of the rows', (t) => {
  const rows = ['zebra', 'ant', 'zebra', 'bee', 'ant'];
  const groups = groupPrompts(rows.map((text, i) => prompt(text, { question: `q${i}` })));
  t.deepEqual(
    groups.map(({ text, prompts }) => [text, prompts.map(({ question }) => question)]),
    [
      ['zebra', ['q0', 'q2']],
      ['ant', ['q1', 'q4']],
      ['bee', ['q3']],
    ],
  );
});

test('each question keeps its own limit, whatever stands before it', (t) => {
  const rows = [prompt('a', { maxNewTokens: 30 }), prompt('b', { maxNewTokens: 120 })];
  const limits = groupPrompts(rows).map((group) => toContext(group, options).questions[0]);
  t.deepEqual(
    limits.map((question) => question?.maxNewTokens),
    [30, 120],
  );
});

test('a blank at the end of the answer prefix goes over to the answer', (t) => {
  t.like(only({}), { answerPrefix: 'Answer:', gold: ' so' });
  t.like(only({ answerPrefix: 'Value: "' }), { answerPrefix: 'Value: "', gold: 'so' });
  t.like(only({ answerPrefix: 'Next line:\n' }), { answerPrefix: 'Next line:\n', gold: ' so' });
});

test('what is not graded has no references, and gold may be absent', (t) => {
  t.deepEqual(only({}, { isGraded: false })?.references, []);
  t.false('gold' in (only({ gold: undefined }) ?? {}));
});

test('of a bounded length an answer has half at most', (t) => {
  t.is(only({}, { cut: { length: 100, truncate: 'head' } })?.maxNewTokens, 50);
  t.is(only({}, { cut: { length: 4096, truncate: 'head' } })?.maxNewTokens, 128);
});

test('search and validation take eight questions of a context, spread over all, test takes all', (t) => {
  const rows = Array.from({ length: 20 }, (_, i) => prompt('text', { question: String(i) }));
  const [group] = groupPrompts(rows);
  if (group === undefined) throw new Error('no group');
  const asked = (split: 'search' | 'test') =>
    toContext(group, { ...options, split }).questions.map(({ question }) => Number(question));
  t.deepEqual(asked('search'), [0, 2, 5, 7, 10, 12, 15, 17]);
  t.is(asked('test').length, 20);
  const ids = toContext(group, options).questions.map(({ id }) => id);
  t.deepEqual(ids.slice(0, 2), ['test/0/0', 'test/0/1']);
});
