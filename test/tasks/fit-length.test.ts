import test from 'ava';
import fc from 'fast-check';
import { longestContext, smallestTokens } from '../../ts/tasks/fit-length.js';
import type { TaskContext } from '../../ts/tasks/task.js';

/** A context whose i-th unit costs so many tokens; units beyond the costs cost one each. */
function growing(costs: readonly number[], { smallest = 1, largest = 10_000 } = {}) {
  let looks = 0;
  const total = (units: number) => {
    let sum = 0;
    for (let i = 0; i < units; i++) sum += costs[i] ?? 1;
    return sum;
  };
  const at = (units: number): TaskContext => {
    looks += 1;
    return { id: String(units), text: 'x'.repeat(total(units)), questions: [] };
  };
  return { context: { smallest, largest, at }, total, looks: () => looks };
}

/** One token a character. */
const tools = {
  tokenize: (text: string) => new Int32Array(text.length),
  detokenize: () => '',
  chatTemplate: undefined,
};
const fitInto = (length: number) => ({ length, promptStyle: 'plain' as const, tools });

test('the most units that fit are found in a few looks, however uneven they are', async (t) => {
  const cost = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 40 }), fc.constant(700));
  await fc.assert(
    fc.asyncProperty(
      fc.array(cost, { maxLength: 300 }),
      fc.integer({ min: 1, max: 4000 }),
      fc.integer({ min: 1, max: 20 }),
      async (costs, length, smallest) => {
        const { context, total, looks } = growing(costs, { smallest });
        const found = await longestContext(context, fitInto(length));
        // One token is kept for the begin-of-text token.
        const fits = (units: number) => total(units) + 1 <= length;
        if (!fits(smallest)) return t.is(found, undefined);
        const units = Number(found?.id);
        t.true(fits(units) && (units === context.largest || !fits(units + 1)));
        t.true(looks() <= 60, `${looks()} looks`);
        return undefined;
      },
    ),
    { numRuns: 300, seed: 5 },
  );
});

test('even units are found in seven looks', async (t) => {
  for (const length of [100, 1000, 10_000]) {
    const { context, looks } = growing(new Array<number>(2000).fill(7), { smallest: 3 });
    const found = await longestContext(context, fitInto(length));
    t.is(found?.id, String(Math.floor((length - 1) / 7)));
    t.true(looks() <= 7, `${looks()} looks`);
  }
});

test('a context with an end is as long as that', async (t) => {
  const { context } = growing([], { largest: 12 });
  t.is((await longestContext(context, fitInto(1000)))?.id, '12');
  t.is((await longestContext(context, fitInto(9)))?.id, '8');
});

test('the smallest context is measured with its begin-of-text token', async (t) => {
  const { context } = growing([5, 5, 5], { smallest: 2 });
  t.is(await smallestTokens(context, fitInto(1)), 11);
  t.is(await longestContext(context, fitInto(10)), undefined);
  t.is((await longestContext(context, fitInto(11)))?.id, '2');
});
