import { readFileSync } from 'node:fs';
import test from 'ava';
import { GaussianProcess, type GpData, type GpParams } from '../../ts/search/gaussian-process.js';
import { fitGp, negativePosterior } from '../../ts/search/gp-fit.js';
import { Rng } from '../../ts/search/rng.js';

const JITTER = 1e-6;
const prior = { mean: 0, sd: 1 };

function randomData(n: number): GpData {
  const rng = Rng.at(4, n);
  const features = Array.from({ length: n }, () =>
    Float64Array.of(rng.uniform(), rng.uniform(), rng.uniform()),
  );
  return {
    features,
    groups: [0, 1, 1],
    targets: Float64Array.from(features, ([a = 0, b = 0]) => Math.sin(5 * a) + b * b),
    noise: Float64Array.from({ length: n }, (_, i) => 1 + (i % 3)),
  };
}

const params: GpParams = {
  logLengths: Float64Array.of(Math.log(0.4), Math.log(0.9)),
  logAmplitude: Math.log(1.3),
  logNoise: Math.log(0.01),
};

function conditioned(data: GpData, given = params): GaussianProcess {
  const gp = GaussianProcess.condition(data, given);
  if (gp === undefined) throw new Error('singular');
  return gp;
}

test('the posterior of two points worked by hand', (t) => {
  // Distance 1 in length-scales: k = (1 + sqrt 5 + 5/3) exp(-sqrt 5) = 0.523994; noise 0.1.
  const k = (1 + Math.sqrt(5) + 5 / 3) * Math.exp(-Math.sqrt(5));
  const data: GpData = {
    features: [Float64Array.of(0), Float64Array.of(2)],
    groups: [0],
    targets: Float64Array.of(1, -1),
    noise: Float64Array.of(1, 1),
  };
  const gp = conditioned(data, {
    logLengths: Float64Array.of(Math.log(2)),
    logAmplitude: 0,
    logNoise: Math.log(0.1 - JITTER),
  });
  // K = [[1.1, k], [k, 1.1]]; K^-1 (1, -1) = (1, -1) / (1.1 - k). At the first point: (1 - k) / (1.1 - k).
  const { mean, sd } = gp.predict(Float64Array.of(0));
  t.true(Math.abs(mean - (1 - k) / (1.1 - k)) < 1e-9, `${mean}`);
  const det = 1.1 * 1.1 - k * k;
  const explained = (1.1 - 2 * k * k + 1.1 * k * k) / det;
  t.true(Math.abs(sd * sd - (1 - explained)) < 1e-9, `${sd * sd}`);
  const likelihood = -1 / (1.1 - k) - 0.5 * Math.log(det) - Math.log(2 * Math.PI);
  t.true(Math.abs(gp.logLikelihood - likelihood) < 1e-9);
});

test('leaving one out by the formula equals conditioning without it', (t) => {
  const data = randomData(12);
  const { means, variances } = conditioned(data).leaveOneOut();
  for (let i = 0; i < 12; i++) {
    const keep = (_: unknown, j: number) => j !== i;
    const rest = conditioned({
      ...data,
      features: data.features.filter(keep),
      targets: data.targets.filter(keep),
      noise: data.noise.filter(keep),
    });
    const { mean, sd } = rest.predict(data.features[i] ?? new Float64Array());
    t.true(Math.abs(mean - (means[i] ?? 0)) < 1e-8, `mean ${i}`);
    const noisy = sd * sd + 0.01 * (data.noise[i] ?? 0) + JITTER;
    t.true(Math.abs(noisy - (variances[i] ?? 0)) < 1e-8, `variance ${i}`);
  }
});

test('the gradient of the posterior equals differences', (t) => {
  const data = randomData(9);
  const priors = [prior, { mean: -1, sd: 0.5 }, prior, { mean: -4, sd: 2 }];
  const x = Float64Array.of(-0.8, 0.1, 0.3, -3);
  const { gradient } = negativePosterior(data, priors, x);
  for (let i = 0; i < x.length; i++) {
    const step = 1e-5;
    const moved = (by: number) =>
      negativePosterior(
        data,
        priors,
        x.map((value, j) => value + (i === j ? by : 0)),
      ).value;
    const difference = (moved(step) - moved(-step)) / (2 * step);
    t.true(Math.abs(difference - (gradient[i] ?? 0)) < 1e-5, `${i}: ${difference}`);
  }
});

test('a fit finds which features matter and how noisy the values are', (t) => {
  const rng = Rng.at(8, 8);
  const features = Array.from({ length: 60 }, () =>
    Float64Array.of(rng.uniform(), rng.uniform(), rng.uniform()),
  );
  const gauss = () =>
    Math.sqrt(-2 * Math.log(1 - rng.uniform())) * Math.cos(6.2832 * rng.uniform());
  const fitted = fitGp(
    {
      features,
      groups: [0, 1, 2],
      targets: Float64Array.from(features, ([a = 0]) => 1.5 * Math.sin(6 * a) + 0.2 * gauss()),
      noise: new Float64Array(60).fill(1),
    },
    { lengths: [prior, prior, prior], amplitude: prior, noise: { mean: Math.log(1e-3), sd: 2 } },
  );
  const [first = 0, second = 0, third = 0] = fitted.logLengths;
  t.true(first < second - 1 && first < third - 1, `${fitted.logLengths}`);
  const sd = Math.sqrt(Math.exp(fitted.logNoise));
  t.true(sd > 0.13 && sd < 0.3, `${sd}`);
});

test('a prediction tends to the data near them and to the prior far away', (t) => {
  const data = randomData(20);
  const gp = conditioned(data, { ...params, logNoise: Math.log(1e-6) });
  const near = gp.predict(data.features[3] ?? new Float64Array());
  t.true(Math.abs(near.mean - (data.targets[3] ?? 0)) < 1e-3);
  const far = gp.predict(Float64Array.of(50, 50, 50));
  t.true(Math.abs(far.mean) < 1e-6);
  t.true(Math.abs(far.sd * far.sd - 1.3) < 1e-6);
});

interface Golden {
  readonly lengths: readonly number[];
  readonly amplitude: number;
  readonly noise: number;
  readonly features: readonly (readonly number[])[];
  readonly targets: readonly number[];
  readonly relativeNoise: readonly number[];
  readonly queries: readonly (readonly number[])[];
  readonly means: readonly number[];
  readonly sds: readonly number[];
  readonly logLikelihood: number;
}

test('posterior and likelihood equal those of scikit-learn', (t) => {
  const path = 'test/golden/search/gaussian-process.json';
  const golden = JSON.parse(readFileSync(path, 'utf8')) as Golden;
  const gp = conditioned(
    {
      features: golden.features.map((row) => Float64Array.from(row)),
      groups: [0, 1, 2],
      targets: Float64Array.from(golden.targets),
      noise: Float64Array.from(golden.relativeNoise),
    },
    {
      logLengths: Float64Array.from(golden.lengths, Math.log),
      logAmplitude: Math.log(golden.amplitude),
      logNoise: Math.log(golden.noise),
    },
  );
  t.true(Math.abs(gp.logLikelihood - golden.logLikelihood) < 1e-8);
  for (const [i, query] of golden.queries.entries()) {
    const { mean, sd } = gp.predict(Float64Array.from(query));
    t.true(Math.abs(mean - (golden.means[i] ?? 0)) < 1e-8, `mean ${i}`);
    t.true(Math.abs(sd - (golden.sds[i] ?? 0)) < 1e-7, `sd ${i}`);
  }
});
