import test from 'ava';
import { stringMatchAll } from '../../../ts/tasks/metrics/string-match.js';

const scores = test.macro({
  exec(t, prediction: string, references: string[], expected: number) {
    t.is(stringMatchAll(prediction, references), expected);
  },
  title: (_, prediction, references, expected) =>
    `${JSON.stringify(prediction)} against ${JSON.stringify(references)} scores ${expected}`,
});

test(scores, ' 1234567.', ['1234567'], 1);
test(scores, ' 12\n34567', ['1234567'], 1);
test(scores, '0123', ['123', '9'], 0.5);
test(scores, 'Red FOX', ['red fox'], 1);
test(scores, '', ['1'], 0);
test(scores, 'anything', [''], 1);
test(scores, 'anything', [], 0);
