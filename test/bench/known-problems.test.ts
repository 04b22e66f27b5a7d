import test from 'ava';
import { Rng } from '../../ts/search/rng.js';
import { SearchSpace } from '../../ts/space/search-space.js';
import { benchLibrary } from '../helpers/bench-library.js';

const { analyticProblems } = await benchLibrary('analytic-problems');
const { regretOf } = await benchLibrary('play-study');

/** Where the least values of the functions lie. */
const optima = [
  ['Branin', { x: Math.PI, y: 2.275 }],
  [
    'Hartmann6',
    { x0: 0.20169, x1: 0.150011, x2: 0.476874, x3: 0.275332, x4: 0.311652, x5: 0.6573 },
  ],
  ['conditional, mixed', { mode: 'b', method: 'log', rate: 0.01, size: 12 }],
] as const;

for (const [name, optimum] of optima) {
  test(`${name} has its known minimum where it is known to lie, and nothing lower`, (t) => {
    const problem = analyticProblems().find((each) => each.name === name);
    if (problem === undefined) return t.fail();
    t.true(Math.abs((problem.truth(optimum) ?? Number.NaN) - problem.best) < 1e-5);
    const space = SearchSpace.parse(problem.space);
    const rng = Rng.at(1, 0);
    for (let i = 0; i < 2000; i++) {
      const value = problem.truth(space.sample(rng.uniform)) ?? Number.NaN;
      t.true(value > problem.best - 1e-5);
    }
  });
}

test('judged is the first candidate that holds the constraint on validation', (t) => {
  const truth = ({ x }: { x?: unknown }) => (x === 0 ? undefined : Number(x));
  const problem = { truth, best: 1, reference: 3 };
  t.is(regretOf(problem, [{ x: 0 }, { x: 2 }, { x: 1 }]), 0.5);
  t.is(regretOf(problem, [{ x: 1 }]), 0);
  t.is(regretOf(problem, [{ x: 100 }]), 10);
});

test('where no candidate holds the constraint on validation the regret is 10', (t) => {
  const problem = { truth: () => undefined, best: 1, reference: 3 };
  t.is(regretOf(problem, [{ x: 0 }]), 10);
  t.is(regretOf(problem, []), 10);
});
