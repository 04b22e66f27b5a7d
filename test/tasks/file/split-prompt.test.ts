import test from 'ava';
import { splitPrompt } from '../../../ts/tasks/file/split-prompt.js';

const splits = test.macro({
  exec(t, prompt: string, context: string, question: string) {
    t.deepEqual(splitPrompt(prompt), { context, question });
    t.is(context + question, prompt.trimEnd());
  },
  title: (what = '') => `${what} is the question`,
});

test(
  'the last paragraph',
  splits,
  'One.\n\nTwo.\nThree.\n \nWhat\nis it?\n\n',
  'One.\n\nTwo.\nThree.\n \n',
  'What\nis it?',
);
test(
  'of one paragraph the last line',
  splits,
  'One. Two.\nWhat is it?',
  'One. Two.\n',
  'What is it?',
);
test(
  'of one line the last sentence',
  splits,
  'One. "Two!" What is it? ',
  'One. "Two!" ',
  'What is it?',
);
test('of one sentence the last word', splits, 'Once upon a time', 'Once upon a ', 'time');
test(
  'of a prompt that begins with blank lines, the last line',
  splits,
  '\n\nOne\nTwo',
  '\n\nOne\n',
  'Two',
);

test('a prompt of one word, and an empty one, have no question', (t) => {
  for (const text of ['', ' \n\n ', 'word', '\n\nword\n']) t.is(splitPrompt(text), undefined, text);
});
