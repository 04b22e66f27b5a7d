import test from 'ava';
import { parseObjective } from '../../ts/search/objective.js';
import { nonDominatedLayers } from '../../ts/search/pareto.js';
import type { Trial } from '../../ts/search/trial.js';
import { frontRows, spreadFront } from '../../ts/tune/front.js';
import { metrics, validationRow } from '../helpers/winners.js';

const objective = parseObjective('pareto(kl,density) s.t. readFraction<=0.5');

function row(label: string, kl: number, density: number, changes = {}) {
  return validationRow({ label, metrics: metrics({ kl, density }), isWinner: false, ...changes });
}

test('the front holds the candidates that none beats in both, by the first objective', (t) => {
  const { params: _none, ...dense } = row('dense', 0, 1);
  const rows = [
    dense,
    row('trial 1', 0.5, 0.02),
    row('trial 2', 0.1, 0.2),
    row('trial 3', 0.5, 0.05),
    row('trial 4', 0.01, 0.01, { violation: 0.1 }),
    row('trial 5', Number.NaN, 0.01),
    row('trial 6', 0.2, 0.1),
  ];
  const front = frontRows(rows, objective);
  t.deepEqual(
    front.map(({ label }) => label),
    ['trial 2', 'trial 6', 'trial 1'],
  );
  t.true(front.every(({ isWinner }) => isWinner));
});

test('without candidates the front is empty', (t) => {
  t.deepEqual(frontRows([], objective), []);
});

test('a long front is thinned where it is dense, and keeps its ends', (t) => {
  const points = [0, 0.1, 0.11, 0.12, 0.5, 1].map((x) => [x, 1 - x] as const);
  t.deepEqual(nonDominatedLayers(points), [0, 0, 0, 0, 0, 0]);
  const trials = points.map(
    (objectives, number): Trial => ({
      number,
      params: {},
      state: 'complete',
      target: 9,
      results: [
        { resource: 9, metrics: {}, value: objectives[0], violation: 0, objectives, order: number },
      ],
    }),
  );
  const numbers = (limit: number) => spreadFront(trials, limit).map(({ number }) => number);
  t.deepEqual(numbers(6), [0, 1, 2, 3, 4, 5]);
  t.deepEqual(numbers(5), [0, 1, 3, 4, 5]);
  t.deepEqual(numbers(2), [0, 5]);
});
