import test from 'ava';
import { FitCache } from '../../ts/search/fit-cache.js';
import { MarginModel } from '../../ts/search/margin-model.js';
import { Rng } from '../../ts/search/rng.js';

const length = { mean: Math.log(0.5), sd: 0.8 };
const priors = {
  lengths: [length, length],
  amplitude: { mean: 0, sd: 1 },
  noise: { mean: Math.log(1e-3), sd: 2 },
};

/** A model of margins at random places of a square, of which only those with x < `until` were tried. */
function modelOf(margin: (x: number, y: number) => number, until = 1) {
  const rng = Rng.at(4, 4);
  const features = Array.from({ length: 40 }, () =>
    Float64Array.of(until * rng.uniform(), rng.uniform()),
  );
  const values = features.map(([x = 0, y = 0]) => margin(x, y));
  const margins = { features, groups: [0, 1], values, noise: new Float64Array(40).fill(1) };
  return MarginModel.fit(margins, margins, { fits: new FitCache(), priors });
}

const at = (x: number, y: number) => Float64Array.of(x, y);

test('a configuration is as likely to hold a constraint as its margin lies below the bound', (t) => {
  const model = modelOf((x, y) => x + y * y - 0.8);
  if (model === undefined) return t.fail('no model');
  const [inside = 0, edge = 0, outside = 1] = model.probabilities([
    at(0.2, 0.3),
    at(0.55, 0.5),
    at(0.9, 0.8),
  ]);
  t.true(inside > 0.95, `${inside}`);
  t.true(edge > 0.2 && edge < 0.8, `${edge}`);
  t.true(outside < 0.05, `${outside}`);
});

test('a constraint that no trial has broken yet is seen coming', (t) => {
  const model = modelOf((x) => x - 0.6, 0.5);
  if (model === undefined) return t.fail('no model');
  const [safe = 0, broken = 1] = model.probabilities([at(0.3, 0.5), at(0.8, 0.5)]);
  t.true(safe > 0.95, `${safe}`);
  t.true(broken < 0.3, `${broken}`);
});

test('one margin far beyond the bound does not hide where the bound is', (t) => {
  const model = modelOf((x, y) => (x > 0.95 ? 1e4 : x + 0.1 * y - 0.5));
  if (model === undefined) return t.fail('no model');
  const [inside = 0, outside = 1] = model.probabilities([at(0.35, 0.5), at(0.6, 0.5)]);
  t.true(inside > 0.8, `${inside}`);
  t.true(outside < 0.2, `${outside}`);
});

test('margins that have nothing to do with the parameters give no model', (t) => {
  const rng = Rng.at(5, 5);
  t.is(
    modelOf(() => rng.uniform() - 0.5),
    undefined,
  );
});

test('a margin that is missing gives no model', (t) => {
  t.is(
    modelOf((x) => (x < 0.1 ? Number.NaN : x - 0.5)),
    undefined,
  );
});
