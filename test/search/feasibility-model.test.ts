import test from 'ava';
import { FeasibilityModel, type Label, spread } from '../../ts/search/feasibility-model.js';
import { FeatureMap } from '../../ts/search/feature-map.js';
import { FitCache } from '../../ts/search/fit-cache.js';
import { Rng } from '../../ts/search/rng.js';
import type { Trial } from '../../ts/search/trial.js';
import { SearchSpace } from '../../ts/space/search-space.js';
import { spaceSchemas } from '../helpers/space-schemas.js';
import { trialOf } from '../helpers/trials.js';

const space = SearchSpace.parse({
  properties: {
    x: { type: 'number', minimum: 0, maximum: 1 },
    y: { type: 'number', minimum: 0, maximum: 1 },
    z: { type: 'number', minimum: 0, maximum: 1 },
  },
});
const map = new FeatureMap(space, { hasFidelity: false });
const featuresOf = ({ params }: Trial) => map.features(space.encode(params), 1);

function modelOf(labels: readonly Label[]) {
  return FeasibilityModel.fit({ map, featuresOf, labels, earlier: labels, fits: new FitCache() });
}

function labelled(n: number, isFeasible: (x: number, y: number) => boolean): Label[] {
  const rng = Rng.at(6, 6);
  return Array.from({ length: n }, (_, i) => {
    const [x, y, z] = [rng.uniform(), rng.uniform(), rng.uniform()];
    return { trial: trialOf(i, [], { params: { x, y, z } }), isFeasible: isFeasible(x, y) };
  });
}

test('a slanted boundary in two of three parameters is learnt', (t) => {
  const isFeasible = (x: number, y: number) => x + y < 1;
  const model = modelOf(labelled(60, isFeasible));
  if (model === undefined) return t.fail('no model');
  const rng = Rng.at(7, 7);
  let right = 0;
  for (let i = 0; i < 300; i++) {
    const [x, y, z] = [rng.uniform(), rng.uniform(), rng.uniform()];
    const [probability = 0] = model.probabilities([
      featuresOf(trialOf(0, [], { params: { x, y, z } })),
    ]);
    t.true(probability > 0 && probability <= 1);
    if (probability > 0.5 === isFeasible(x, y)) right += 1;
  }
  t.true(right > 270, `${right} of 300`);
});

test('where all trials succeed, or all fail, there is no model', (t) => {
  t.is(modelOf(labelled(20, () => true)), undefined);
  t.is(modelOf(labelled(20, () => false)), undefined);
});

test('a spread keeps the last entry and its length', (t) => {
  const list = Array.from({ length: 250 }, (_, i) => i);
  const few = spread(list, 120);
  t.is(few.length, 120);
  t.is(few.at(-1), 249);
  t.is(spread(list, 300), list);
});

test('features tell choices, missing parameters and fidelities apart', (t) => {
  const nested = SearchSpace.parse(spaceSchemas['conditional'] ?? {});
  const features = new FeatureMap(nested, { hasFidelity: true });
  const rows = [...nested.enumerate()].map((params) =>
    features.features(nested.encode(params), 0.5),
  );
  t.is(new Set(rows.map((row) => row.join())).size, nested.size);
  t.true(rows.every((row) => row.length === features.groups.length && row.at(-1) === 0.5));
  t.is(Math.max(...features.groups), features.nGroups - 1);
  const mixed = SearchSpace.parse({ properties: { kind: { enum: ['a', 'b', 'c'] } } });
  const choices = new FeatureMap(mixed, { hasFidelity: false });
  const [a, b] = ['a', 'b'].map((kind) => choices.features(mixed.encode({ kind }), 1));
  const squared = (a ?? new Float64Array()).reduce(
    (sum, u, i) => sum + (u - (b?.[i] ?? 0)) ** 2,
    0,
  );
  t.true(Math.abs(squared - 1) < 1e-12);
});
