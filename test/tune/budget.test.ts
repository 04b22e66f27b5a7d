import test from 'ava';
import type { SearchProgress } from '../../ts/search/study-state.js';
import { budgetUse, questionsLeft, remainingMs, type Spending } from '../../ts/tune/budget.js';

const progress: SearchProgress = {
  trials: 9,
  running: 1,
  complete: 1,
  pruned: 2,
  failed: 0,
  resourceSpent: 44,
  rungs: [
    { resource: 4, trials: 3 },
    { resource: 11, trials: 1 },
    { resource: 32, trials: 1 },
  ],
};
const spending: Spending = { progress, elapsedMs: 30_000 };

test('the limit nearest to its end is told of', (t) => {
  t.deepEqual(budgetUse({ trials: 9 }, spending), { unit: 'trials', spent: 3, total: 9 });
  const questions = { unit: 'questions', spent: 44, total: 50 };
  t.deepEqual(budgetUse({ trials: 9, questions: 50, minutes: 1 }, spending), questions);
  const minutes = { unit: 'minutes', spent: 0.5, total: 0.6 };
  t.deepEqual(budgetUse({ trials: 9, minutes: 0.6 }, spending), minutes);
});

test('trials of an earlier study are none of the budget', (t) => {
  const imports = { inside: 2, outside: 5 };
  const own = { ...spending, progress: { ...progress, imports } };
  t.deepEqual(budgetUse({ trials: 7 }, own), { unit: 'trials', spent: 1, total: 7 });
});

test('a search that its trials bound passes a third of each rung on', (t) => {
  // 6 more trials to 4 questions, 2 more from 4 to 11, none from 11 to 32
  t.is(questionsLeft({ trials: 9 }, spending), 6 * 4 + 2 * 7);
  t.is(questionsLeft({ trials: 9, questions: 50 }, spending), 6);
  t.is(questionsLeft({ questions: 40 }, spending), 0);
});

test('the time left is what the first limit leaves', (t) => {
  t.is(remainingMs({ questions: 54 }, spending, 20), 15_000);
  t.is(remainingMs({ questions: 54, minutes: 0.6 }, spending, 20), 6_000);
  t.is(remainingMs({ minutes: 2 }, spending, 0), 90_000);
  t.is(remainingMs({ trials: 9 }, spending, 0), undefined);
});
