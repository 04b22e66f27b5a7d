import test from 'ava';
import {
  asciiDigits,
  digitRuns,
  dropFirst,
  parseInteger,
  splitWords,
  strip,
} from '../../../ts/tasks/metrics/python-text.js';

test('blanks are those of Python', (t) => {
  t.is(strip('\u001c\u001f\u0085\u3000 a \u2028\ufeff \v'), 'a \u2028\ufeff');
  t.is(strip(' \n'), '');
  t.deepEqual(splitWords('\u001da\u0085b\u00a0\u200bc\ufeff '), ['a', 'b', '\u200bc\ufeff']);
  t.deepEqual(splitWords(' '), []);
});

test('a long run of inner blanks takes no time to strip', (t) => {
  const text = `a${' '.repeat(1e6)}b`;
  t.is(strip(` ${text} `), text);
});

test('digits are those of every script', (t) => {
  t.deepEqual(digitRuns('x٣٤ 5² 𝟗'), ['٣٤', '5', '𝟗']);
  t.is(asciiDigits('٣٤x5²𝟗𝟘１'), '34x5²901');
});

test('the value of every decimal digit is its distance from the zero of its script', (t) => {
  const zeros = ['0', '٠', '۰', '߀', '०', '０', '𝟎', '𝟘', '𝟢', '𝟬', '𝟶'];
  for (const zero of zeros) {
    const code = zero.codePointAt(0) ?? 0;
    const all = Array.from({ length: 10 }, (_, i) => String.fromCodePoint(code + i)).join('');
    t.is(asciiDigits(all), '0123456789');
  }
});

const integers: [string, bigint | undefined][] = [
  ['12', 12n],
  [' -1_000\n', -1000n],
  ['+007', 7n],
  ['٣', 3n],
  ['1'.repeat(4300), BigInt('1'.repeat(4300))],
  ['1'.repeat(4301), undefined],
  ['', undefined],
  ['-', undefined],
  ['+-1', undefined],
  ['1__0', undefined],
  ['_1', undefined],
  ['1_', undefined],
  ['1.0', undefined],
  ['²', undefined],
  ['0x1', undefined],
  ['1 0', undefined],
];

for (const [text, expected] of integers) {
  test(`int of ${JSON.stringify(text.slice(0, 20))}, ${text.length} characters, is ${String(expected).slice(0, 20)}`, (t) => {
    t.is(parseInteger(text), expected);
  });
}

test('the first character is a code point', (t) => {
  t.is(dropFirst('😀a'), 'a');
  t.is(dropFirst('ab'), 'b');
  t.is(dropFirst(''), '');
});
