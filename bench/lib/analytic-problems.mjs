// Functions whose optimum is known, one evaluation each: a change of the sampler shows here.
import { Rng } from '../../build/ts/ts/search/rng.js';
import { SearchSpace } from '../../build/ts/ts/space/search-space.js';
import { expectedLowest } from './statistics.mjs';

const number = (minimum, maximum, search = {}) => ({
  type: 'number',
  minimum,
  maximum,
  'x-search': search,
});

/** Branin and Hoo; three equal minima. */
function branin({ x, y }) {
  const bend = y - (5.1 / (4 * Math.PI ** 2)) * x ** 2 + (5 / Math.PI) * x - 6;
  return bend ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10;
}

const hartmannWeights = [1, 1.2, 3, 3.2];
const hartmannScales = [
  [10, 3, 17, 3.5, 1.7, 8],
  [0.05, 10, 17, 0.1, 8, 14],
  [3, 3.5, 1.7, 10, 17, 8],
  [17, 8, 0.05, 10, 0.1, 14],
];
const hartmannCentres = [
  [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
  [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
  [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665],
  [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
];

/** Hartmann's function of six variables. */
function hartmann6(params) {
  return -hartmannWeights.reduce((sum, weight, i) => {
    const distance = hartmannScales[i].reduce(
      (total, scale, j) => total + scale * (params[`x${j}`] - hartmannCentres[i][j]) ** 2,
      0,
    );
    return sum + weight * Math.exp(-distance);
  }, 0);
}

/** A choice of method, each with parameters of its own; the best is `log` at rate 0.01, size 12, with mode b. */
function conditional({ method, mode, ...own }) {
  const offset = { a: 0.4, b: 0, c: 0.15 }[mode];
  if (method === 'log')
    return offset + (Math.log10(own.rate) + 2) ** 2 / 4 + ((own.size - 12) / 32) ** 2;
  if (method === 'plane') return offset + 0.3 + (own.x - 0.7) ** 2 + 2 * (own.y + own.x - 1) ** 2;
  return offset + 0.2;
}

const conditionalSpace = {
  type: 'object',
  properties: { mode: { enum: ['a', 'b', 'c'] } },
  oneOf: [
    {
      properties: {
        method: { const: 'log' },
        rate: number(1e-5, 1, { scale: 'log' }),
        size: { type: 'integer', minimum: 1, maximum: 64 },
      },
    },
    { properties: { method: { const: 'plane' }, x: number(-1, 1), y: number(-1, 1) } },
    { properties: { method: { const: 'none' } } },
  ],
};

/** What 1.0 of the regret stands for: the expected best of so many random evaluations. */
const nReference = 50;
const nReferenceDraws = 8000;

/** The problems; `best` of Branin and Hartmann6 as in Surjanovic and Bingham's library of test functions. */
export function analyticProblems() {
  const hartmannSpace = Object.fromEntries(
    Array.from({ length: 6 }, (_, i) => [`x${i}`, number(0, 1)]),
  );
  return [
    problem('Branin', { properties: { x: number(-5, 10), y: number(0, 15) } }, branin, 0.397887),
    problem('Hartmann6', { properties: hartmannSpace }, hartmann6, -3.32237),
    problem('conditional, mixed', conditionalSpace, conditional, 0),
  ];
}

function problem(name, space, f, best) {
  const parsed = SearchSpace.parse(space);
  const rng = Rng.at(12345, 0);
  const values = Array.from({ length: nReferenceDraws }, () => f(parsed.sample(rng.uniform)));
  return {
    name,
    space,
    rungs: [1],
    nCandidates: 1,
    truth: f,
    measure: (params) => ({ value: f(params) }),
    nReference,
    best,
    reference: expectedLowest(values, nReference),
  };
}
