import test from 'ava';
import {
  explainedShare,
  marginalAt,
  parameterEffects,
  restrict,
} from '../../ts/search/importance.js';
import { RandomSampler } from '../../ts/search/random-sampler.js';
import type { Leaf } from '../../ts/search/regression-forest.js';
import type { Params } from '../../ts/space/distribution.js';
import { SearchSpace } from '../../ts/space/search-space.js';
import { spaceSchemas } from '../helpers/space-schemas.js';
import { trialOf } from '../helpers/trials.js';

/** Left half 1; right half 3 below y = 0.5 and 7 above. */
const tree: readonly Leaf[] = [
  { low: Float64Array.of(0, 0), high: Float64Array.of(0.5, 1), value: 1 },
  { low: Float64Array.of(0.5, 0), high: Float64Array.of(1, 0.5), value: 3 },
  { low: Float64Array.of(0.5, 0.5), high: Float64Array.of(1, 1), value: 7 },
];

test('marginals and shares of a tree worked by hand', (t) => {
  t.is(marginalAt(tree, 0, 0.2), 1);
  t.is(marginalAt(tree, 0, 1), 5);
  t.is(marginalAt(tree, 1, 0.2), 2);
  t.is(marginalAt(tree, 1, 0.5), 4);
  // Mean 3, variance (4 + 0 / 2 + 16 / 2) / 2 = 6; marginals vary by 4 (1, 5) and by 1 (2, 4).
  t.true(Math.abs(explainedShare(tree, 0) - 4 / 6) < 1e-12);
  t.true(Math.abs(explainedShare(tree, 1) - 1 / 6) < 1e-12);
});

test('within a part of the box only the leaves there count, as if it were the whole', (t) => {
  const right = restrict(tree, [{ axis: 0, begin: 0.5, end: 1 }]);
  t.deepEqual(
    right.map(({ value }) => value),
    [3, 7],
  );
  t.is(marginalAt(right, 1, 0.2), 3);
  t.is(marginalAt(right, 1, 0.7), 7);
  const middle = restrict(tree, [{ axis: 0, begin: 0.25, end: 0.75 }]);
  t.is(marginalAt(middle, 0, 0.2), 1);
  t.is(marginalAt(middle, 1, 0.7), (1 + 7) / 2);
});

const space = SearchSpace.parse({
  properties: {
    x: { type: 'number', minimum: -1, maximum: 1 },
    n: { type: 'integer', minimum: 1, maximum: 5 },
    kind: { enum: ['a', 'b', 'c'] },
    idle: { type: 'number', minimum: 0, maximum: 1 },
  },
});

function study(f: (params: Params) => number, of = space, n = 150) {
  const sampler = new RandomSampler({ seed: 4 });
  return Array.from({ length: n }, (_, number) => {
    const params =
      sampler.suggest({ space: of, number, trials: [], rungs: [1], isFresh: () => true }) ?? {};
    return trialOf(number, [f(params)], { rungs: [1], params });
  });
}

test('parameters are ranked by what they explain, and one that does nothing comes last', (t) => {
  // Variances: x 9/3 = 3, kind 2/9 * 1.5^2 = 0.5, n 0.3^2 * 2 = 0.18, idle 0.
  const effects = parameterEffects(
    study(
      ({ x, n, kind }) => 3 * Number(x) + 0.3 * Number(n) + (kind === 'b' ? 1.5 : 0),
      space,
      500,
    ),
    { space, rungs: [1] },
  );
  t.deepEqual(
    effects.map(({ name }) => name),
    ['x', 'kind', 'n', 'idle'],
  );
  const share = new Map(effects.map(({ name, importance }) => [name, importance]));
  t.true(Math.abs((share.get('x') ?? 0) - 3 / 3.68) < 0.1, `${share.get('x')}`);
  // A forest smooths over weak effects, so that they come out low.
  t.true((share.get('kind') ?? 0) > 0.05 && (share.get('kind') ?? 1) < 0.2, `${share.get('kind')}`);
  t.true((share.get('idle') ?? 1) < 0.05, `${share.get('idle')}`);
});

test('marginal tables follow the effect of a parameter', (t) => {
  const effects = parameterEffects(
    study(({ x, kind }) => Number(x) ** 2 + (kind === 'b' ? 2 : 0)),
    { space, rungs: [1] },
  );
  const kind = effects.find(({ name }) => name === 'kind')?.marginal ?? [];
  t.deepEqual(
    kind.map(({ value }) => value),
    ['a', 'b', 'c'],
  );
  const [a, b, c] = kind.map(({ mean }) => mean);
  t.true(Math.abs((b ?? 0) - (a ?? 0) - 2) < 0.3 && Math.abs((c ?? 0) - (a ?? 0)) < 0.3);
  const x = effects.find(({ name }) => name === 'x')?.marginal ?? [];
  t.is(x.length, 8);
  t.is(x[0]?.value, -1);
  t.is(x.at(-1)?.value, 1);
  t.true((x[0]?.mean ?? 0) > (x[4]?.mean ?? 1) + 0.4);
});

test('conditional spaces have effects of every parameter, few results have none', (t) => {
  const nested = SearchSpace.parse(spaceSchemas['conditional'] ?? {});
  const trials = study(({ kind, bits }) => Number(kind === 'hash') + Number(bits) / 10, nested, 60);
  const names = parameterEffects(trials, { space: nested, rungs: [1] }).map(({ name }) => name);
  t.deepEqual([...names].sort(), ['bits', 'bits', 'exact', 'kind', 'size']);
  t.deepEqual(parameterEffects(trials.slice(0, 7), { space: nested, rungs: [1] }), []);
});

test('equal seeds give equal effects', (t) => {
  const trials = study(({ x }) => Number(x), space, 40);
  const run = (seed: number) => parameterEffects(trials, { space, rungs: [1], seed });
  t.deepEqual(run(3), run(3));
  t.notDeepEqual(run(3), run(4));
});

test('parameters of alternatives are told apart, each with what to expect within its own', (t) => {
  const range = { type: 'number', minimum: 0, maximum: 1 };
  const of = SearchSpace.parse({
    oneOf: [
      { properties: { kind: { const: 'cheap' }, x: range } },
      { properties: { kind: { const: 'dear' }, x: range } },
    ],
  });
  const trials = study(({ kind, x }) => (kind === 'dear' ? 100 + 10 * Number(x) : Number(x)), of);
  const effects = parameterEffects(trials, { space: of, rungs: [1] });
  t.deepEqual(
    effects.map(({ name, within }) => [name, within?.['kind']]).sort(),
    [
      ['kind', undefined],
      ['x', 'cheap'],
      ['x', 'dear'],
    ].sort(),
  );
  for (const [kind, low, high] of [
    ['cheap', 0, 1],
    ['dear', 100, 110],
  ] as const) {
    const { marginal = [] } = effects.find(({ within }) => within?.['kind'] === kind) ?? {};
    t.true(marginal.length > 1);
    for (const { mean } of marginal) t.true(mean > low - 1 && mean < high + 1, `${kind}: ${mean}`);
  }
});
