import test from 'ava';
import { noiseLine } from '../../../ts/tasks/haystack.js';
import { questionsOf } from '../../helpers/generated-tasks.js';

test('vt: following the statements gives the answer, after a worked example of another value', async (t) => {
  for (const { text, question } of await questionsOf(t, 'ruler/vt@1100')) {
    const [example = '', item = ''] = text.split(/\n\n(?=Follow)/);
    const value = /whose value is (\d{5})/.exec(question.question)?.[1] ?? '';
    t.deepEqual(solve(item, value), [...question.references]);
    t.is(question.gold, ` ${question.references.join(' ')}`);
    t.true(question.references.every((name) => /^[A-Z]{5}$/.test(name)));
    const shown = /whose value is (\d{5}).*are: ([A-Z ]+)$/s.exec(example);
    t.not(shown?.[1], value);
    t.deepEqual(solve(example, shown?.[1] ?? ''), shown?.[2]?.split(' '));
    t.is(example.split(noiseLine).length - 1, 5);
  }
});

/** Names with a value, in the order in which a reader learns them. */
function solve(text: string, value: string): string[] {
  const values = new Map<string, string>();
  for (const [, name = '', from, given] of text.matchAll(/^VAR (\w+) = (?:VAR (\w+)|(\d+))$/gm))
    values.set(name, given ?? values.get(from ?? '') ?? '');
  return [...values].filter(([, found]) => found === value).map(([name]) => name);
}

for (const [length, common, uncommon] of [
  [1100, 6, 1],
  [4096, 30, 3],
] as const) {
  test(`cwe at ${length}: ten words occur ${common} times, all others ${uncommon}`, async (t) => {
    for (const { text, question } of await questionsOf(t, `ruler/cwe@${length}`)) {
      const lists = text.match(/^1\. .*$/gm) ?? [];
      t.is(lists.length, 2);
      const items = [...(lists[1] ?? '').matchAll(/(\d+)\. (\S+)/g)];
      items.forEach(([, at], i) => {
        t.is(Number(at), i + 1);
      });
      const counts = countWords(items.map(([, , word = '']) => word));
      const often = [...counts].filter(([, n]) => n === common).map(([word]) => word);
      t.deepEqual(often.toSorted(), question.references.toSorted());
      t.is(often.length, 10);
      t.true(counts.size >= 20);
      t.true([...counts.values()].every((n) => n === common || n === uncommon));
      const order = question.gold?.match(/[a-z]+/g) ?? [];
      t.deepEqual(order, often); // a Map keeps the order of first occurrence
    }
  });
}

test('cwe: the worked example gives its own list and the right answer', async (t) => {
  for (const { text } of await questionsOf(t, 'ruler/cwe@1100')) {
    const example = /rest\.\n(.*)\nWhich.*words are: (.*)\n/.exec(text);
    const words = (example?.[1] ?? '').match(/[a-z]+/g) ?? [];
    const often = [...countWords(words)].filter(([, n]) => n === 3).map(([word]) => word);
    t.deepEqual((example?.[2] ?? '').match(/[a-z]+/g), often);
  }
});

test('cwe: where the word lists end, words are made up, none twice', async (t) => {
  const [first] = await questionsOf(t, 'ruler/cwe@40000');
  const list = (first?.text ?? '').match(/^1\. .*$/gm)?.[1] ?? '';
  const counts = countWords([...list.matchAll(/\d+\. (\S+)/g)].map(([, word = '']) => word));
  t.true(counts.size > 1200, `${counts.size}`);
  t.true([...counts.values()].every((n) => n === 30 || n === 3));
});

test('fwe: the answer is ranks two to four, each rarer than the one before', async (t) => {
  for (const length of [400, 1100, 3000]) {
    for (const { text, question } of await questionsOf(t, `ruler/fwe@${length}`)) {
      const counts = countWords(
        text
          .replace(/^.*count\. /, '')
          .trim()
          .split(' '),
      );
      const ranked = [...counts].toSorted(([, a], [, b]) => b - a);
      t.deepEqual(
        ranked.slice(0, 4).map(([word]) => word),
        ['...', ...question.references],
      );
      const n = ranked.slice(0, 5).map(([, count]) => count);
      t.deepEqual(n, [...new Set(n)]);
      // Zipf with alpha 2: rank k has 1 / k^2 of the first, rounded down.
      for (const [i, count] of n.entries())
        t.true(Math.abs(count - (n[0] as number) / (i + 1) ** 2) < 1.1);
    }
  }
});

function countWords(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}
