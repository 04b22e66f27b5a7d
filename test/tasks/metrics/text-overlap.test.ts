import test from 'ava';
import { bleu } from '../../../ts/tasks/metrics/bleu.js';
import { similarityRatio } from '../../../ts/tasks/metrics/difflib.js';
import { rougeL, rougeN } from '../../../ts/tasks/metrics/rouge.js';
import { characterF1, tokenF1 } from '../../../ts/tasks/metrics/token-f1.js';

// Values of Python 3.11 with rouge 1.0.1 and nltk 3.10.4.

test('an article ends where Python ends a word: before a combining mark, not before a letter', (t) => {
  t.is(tokenF1('a\u0301 cat', '\u0301 cat'), 1);
  t.is(tokenF1('aé cat', 'cat'), 2 / 3);
  t.is(tokenF1('the_cat', 'thecat'), 1);
});

test('characters of Chinese text count each, without the listed marks', (t) => {
  t.is(characterF1('《春》 夏。', '春夏'), 0.8);
  t.is(characterF1('😀', '😁'), 0);
});

test('difflib compares code points', (t) => {
  t.is(similarityRatio('😀', '😁'), 0);
  t.is(similarityRatio('a😀', '😀b'), 0.5);
  t.is(similarityRatio('', ''), 1);
});

test('from 200 characters on popular ones start no match but grow one', (t) => {
  t.is(similarityRatio('b'.repeat(10), `a${'b'.repeat(198)}`), 0.09569377990430622);
  t.is(similarityRatio('b'.repeat(10), `a${'b'.repeat(199)}`), 0.0);
  t.is(similarityRatio(`a${'b'.repeat(10)}`, `a${'b'.repeat(199)}`), 0.10426540284360189);
});

test('a sentence of blanks is one empty word to ROUGE', (t) => {
  t.is(rougeN(1, ' . a', ' . b').recall, 0.5);
  t.is(rougeL('...', 'a').f, 0);
  t.is(rougeN(2, 'a', 'a').f, 0);
});

test('ROUGE-L of sentences of thousands of words needs no deep stack', (t) => {
  const words = Array.from({ length: 3000 }, (_, i) => `w${i}`);
  const { recall } = rougeL(words.slice(0, 1500).join(' '), words.join(' '));
  t.is(recall, 0.5);
});

test('BLEU of n-grams that do not occur is the smallest double, of no word 0', (t) => {
  t.true(bleu(4, 'a b', 'a c') > 0);
  t.true(bleu(4, 'a b', 'a c') < 1e-300);
  t.is(bleu(1, 'x', 'a'), 0);
  t.is(bleu(1, '', 'a'), 0);
  t.is(bleu(1, 'a', ''), 0);
});
