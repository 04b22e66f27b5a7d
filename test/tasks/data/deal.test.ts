import test from 'ava';
import { dealContexts } from '../../../ts/tasks/data/deal.js';

const texts = (n: number) => Array.from({ length: n }, (_, i) => `text ${i}`);

const deals = test.macro({
  exec(t, n: number, sizes: readonly [search: number, validation: number, test: number]) {
    const { search, validation, test: rest } = dealContexts(texts(n), 'x');
    t.deepEqual([search.length, validation.length, rest.length], sizes);
    const all = [...search, ...validation, ...rest];
    t.deepEqual(
      all.sort((a, b) => a - b),
      texts(n).map((_, i) => i),
    );
    for (const split of [search, validation, rest])
      t.deepEqual(
        split,
        [...split].sort((a, b) => a - b),
      );
  },
  title: (_, n) => `${n} contexts are dealt whole, each once, in their order`,
});

test(deals, 3, [1, 1, 1]);
test(deals, 4, [1, 2, 1]);
test(deals, 5, [1, 2, 2]);
test(deals, 30, [5, 10, 15]);
test(deals, 48, [8, 16, 24]);
test(deals, 590, [8, 16, 566]);

test('a text goes where it goes, whatever rows stand before it', (t) => {
  const of = (list: readonly string[]) => {
    const { search } = dealContexts(list, 'x');
    return search.map((index) => list[index]).sort();
  };
  const list = texts(100);
  t.deepEqual(of(list.toReversed()), of(list));
  t.notDeepEqual(of(list), list.slice(0, 8));
});

test('fewer than three contexts are refused with how many are needed', (t) => {
  for (const n of [0, 1, 2]) {
    t.throws(() => dealContexts(texts(n), 'my.jsonl'), {
      code: 'ERR_DATA',
      message: new RegExp(
        `^my\\.jsonl has ${n} different contexts?, and at least 3 are needed: one`,
      ),
    });
  }
});
