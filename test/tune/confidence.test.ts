import test from 'ava';
import { parseObjective } from '../../ts/search/objective.js';
import { choose } from '../../ts/tune/choose.js';
import { measureConfidence } from '../../ts/tune/confidence.js';
import { metrics } from '../helpers/winners.js';

const objective = parseObjective('kl s.t. density<=0.1');
const contextOf = Array.from({ length: 64 }, (_, i) => i >> 3);

interface Candidate {
  readonly label: string;
  readonly density?: number;
  /** KL of a question. */
  readonly kl: (question: number) => number;
  readonly densityOf?: (question: number) => number;
}

function confidence(candidates: readonly Candidate[], winner = 0) {
  return measureConfidence(
    candidates.map(({ label, density = 0.05, kl, densityOf = () => density }) => ({
      label,
      density,
      results: [contextOf.map((_, i) => metrics({ kl: kl(i), density: densityOf(i) }))],
    })),
    {
      winner,
      contextOf: [contextOf],
      metrics: objective.metrics,
      evaluate: ([only = {}]) => objective.evaluate(only),
      choose: (drawn) => choose(drawn, { tie: 0 })[0],
    },
  );
}

test('a winner that is better on every question is sure', async (t) => {
  const { chosenAgain, holdsConstraint, others } = await confidence([
    { label: 'a', kl: (i) => 0.1 + (i % 3) / 100 },
    { label: 'b', kl: (i) => 0.2 + (i % 3) / 100 },
  ]);
  t.is(chosenAgain, 1);
  t.is(holdsConstraint, 1);
  const [other] = others;
  t.false(other?.isTied);
  t.true(Math.abs((other?.difference.mean ?? 0) - 0.1) < 1e-9);
  t.true(
    Math.abs((other?.difference.low ?? 0) - 0.1) < 1e-9,
    'paired: what both share is no noise',
  );
});

test('candidates of the same worth are tied, and the sparser one is named', async (t) => {
  const { chosenAgain, others } = await confidence([
    { label: 'a', kl: (i) => (i % 2 === 0 ? 0.1 : 0.3) },
    { label: 'b', kl: (i) => (i % 2 === 0 ? 0.3 : 0.1), density: 0.02 },
    { label: 'c', kl: () => 5, density: 0.01 },
  ]);
  t.true(chosenAgain > 0.4 && chosenAgain < 0.6, String(chosenAgain));
  t.like(others[0], { label: 'b', isTied: true, isSparser: true });
  t.like(others[1], { label: 'c', isTied: false, isSparser: true });
});

test('more comparisons need more evidence', async (t) => {
  const noisy = { label: 'b', kl: (i: number) => 0.1 + 0.05 * Math.sin(7 * i) + 0.01 };
  const flat = { label: 'a', kl: () => 0.1 };
  const few = await confidence([flat, noisy]);
  const many = await confidence([flat, ...Array.from({ length: 12 }, () => noisy)]);
  const width = ({ others }: typeof few) =>
    (others[0]?.difference.high ?? 0) - (others[0]?.difference.low ?? 0);
  t.is(many.comparisons, 12);
  // Normal quantiles at 0.025 and 0.025 / 12: 1.96 and 2.87 standard deviations.
  const ratio = width(many) / width(few);
  t.true(ratio > 1.3 && ratio < 1.65, String(ratio));
});

test('a constraint that holds on the mean only by luck is not sure to hold', async (t) => {
  const { holdsConstraint, chosenAgain } = await confidence([
    { label: 'a', kl: () => 0.1, densityOf: (i) => (i % 2 === 0 ? 0.02 : 0.179) },
    { label: 'b', kl: () => 0.2 },
  ]);
  t.true(holdsConstraint > 0.4 && holdsConstraint < 0.7, String(holdsConstraint));
  t.is(chosenAgain, holdsConstraint);
});

test('a candidate that breaks the constraint is no rival, however low its value', async (t) => {
  const { others, comparisons, chosenAgain } = await confidence([
    { label: 'a', kl: () => 0.2 },
    { label: 'b', kl: () => 0.1, densityOf: () => 0.3 },
    { label: 'c', kl: () => Number.NaN },
    { label: 'd', kl: () => 0.2 },
  ]);
  t.deepEqual(
    others.map(({ label }) => label),
    ['d'],
  );
  t.is(comparisons, 1);
  t.is(chosenAgain, 1);
});

test('the difference is the one that was measured, not that of the draws', async (t) => {
  const { others } = await confidence([
    { label: 'a', kl: () => 0.1 },
    { label: 'b', kl: (i) => 0.1 + (i === 63 ? 6.4 : 0) },
  ]);
  t.true(Math.abs((others[0]?.difference.mean ?? 0) - 0.1) < 1e-12);
});

test('an only candidate is compared with nothing', async (t) => {
  const { chosenAgain, others } = await confidence([{ label: 'a', kl: () => 0.1 }]);
  t.is(chosenAgain, 1);
  t.deepEqual(others, []);
});
