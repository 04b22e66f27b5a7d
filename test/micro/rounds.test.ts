import test from 'ava';
import { Gaussian } from '../../ts/micro/gaussian.js';
import { bestOf, interleave, medianRatio, quantile, repeated } from '../../ts/micro/rounds.js';

test('in every round each rival has one turn, and rounds begin with different rivals', async (t) => {
  const order: string[] = [];
  const rivals = ['a', 'b', 'c'].map((name) => ({
    name,
    round: () => {
      order.push(name);
      return order.length;
    },
  }));
  const times = await interleave(rivals, { rounds: 3, roundMs: 1 });
  t.is(order.join(''), 'abcbcacab');
  t.deepEqual(times.get('a'), [1, 6, 8]);
});

test('a repeated step counts its calls and leaves the preparation out of the time', async (t) => {
  const calls: string[] = [];
  const busy = (ms: number) => {
    const end = performance.now() + ms;
    while (performance.now() < end);
  };
  const rival = repeated('step', {
    prepare: (call) => {
      calls.push(`prepare ${call}`);
      busy(20);
    },
    run: (call) => {
      calls.push(`run ${call}`);
    },
  });
  t.true((await rival.round(0)) < 10);
  t.deepEqual(calls, ['prepare 1', 'run 1', 'prepare 2', 'run 2']);
});

test('quantiles lie between neighbours, and ratios are taken inside a round', (t) => {
  t.is(quantile([3, 1, 2], 0.5), 2);
  t.is(quantile([1, 2], 0.1), 1.1);
  t.is(medianRatio([2, 4, 300], [1, 2, 100]), 2);
});

test('Gaussian numbers have mean 0 and variance 1, and the same seed gives the same', (t) => {
  const values = new Gaussian(5).fill(new Float32Array(100_000));
  const mean = values.reduce((a, b) => a + b) / values.length;
  const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
  // Five standard errors.
  t.true(Math.abs(mean) < 5 / Math.sqrt(values.length));
  t.true(Math.abs(variance - 1) < 5 * Math.sqrt(2 / values.length));
  t.deepEqual(new Gaussian(5).fill(new Float32Array(100)), values.slice(0, 100));
});

test('a sample is ascending, without repeats, and uniform', (t) => {
  const counts = new Uint32Array(20);
  const gaussian = new Gaussian(9);
  for (let i = 0; i < 20_000; i++) {
    const sample = gaussian.sample(5, 20);
    t.true(sample.every((value, at) => at === 0 || value > (sample[at - 1] ?? 0)));
    for (const value of sample) counts[value] = (counts[value] ?? 0) + 1;
  }
  // 5000 each, standard deviation 61: five of them.
  t.true(counts.every((count) => Math.abs(count - 5000) < 306));
});

test('a limit has the best of its passes as the time of a round', async (t) => {
  const times = [8, 2, 5];
  const limit = bestOf('limit', () => {
    const ms = times.shift() ?? 9;
    if (times.length > 0) return ms;
    const end = performance.now() + 300;
    while (performance.now() < end);
    return ms;
  });
  t.is(await limit.round(300), 2);
});
