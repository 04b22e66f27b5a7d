import test from 'ava';
import { fullKl, mean, median, truncatedKl } from '../../ts/engine/divergence.js';

const logs = (...probabilities: number[]) => Float32Array.from(probabilities, Math.log);

test('truncated KL is zero between equal distributions', (t) => {
  t.is(truncatedKl(logs(0.5, 0.3), logs(0.5, 0.3)), 0);
});

test('truncated KL counts the rest as one outcome', (t) => {
  // By hand: 0.5 ln(0.5/0.25) + 0.3 ln(0.3/0.45) + 0.2 ln(0.2/0.3)
  const expected = 0.5 * Math.log(2) + 0.3 * Math.log(2 / 3) + 0.2 * Math.log(2 / 3);
  t.true(Math.abs(truncatedKl(logs(0.5, 0.3), logs(0.25, 0.45)) - expected) < 1e-7);
});

test('truncated KL stays finite where the rest has no mass under Q', (t) => {
  t.true(Number.isFinite(truncatedKl(logs(0.5, 0.3), logs(0.6, 0.4))));
});

test('truncated KL never exceeds the full one', (t) => {
  const n = 40;
  for (let seed = 1; seed <= 20; seed++) {
    const p = Float32Array.from({ length: n }, (_, i) => 3 * Math.sin(seed * 7.1 + i * 1.7));
    const q = Float32Array.from({ length: n }, (_, i) => 3 * Math.cos(seed * 3.3 + i * 2.9));
    const normalise = (logits: Float32Array) => {
      const sum = Math.log(logits.reduce((total, logit) => total + Math.exp(logit), 0));
      return logits.map((logit) => logit - sum);
    };
    const [logP, logQ] = [normalise(p), normalise(q)];
    const kept = [...logP.keys()].sort((a, b) => (logP[b] ?? 0) - (logP[a] ?? 0)).slice(0, 8);
    const pick = (values: Float32Array) => Float32Array.from(kept, (i) => values[i] ?? 0);
    const full = fullKl(p, q);
    t.true(truncatedKl(pick(logP), pick(logQ)) <= full + 1e-6);
    t.true(Math.abs(truncatedKl(logP, logQ) - full) < 1e-5);
  }
});

test('the mean of nothing is not a number', (t) => {
  t.is(mean([1, 2, 6]), 3);
  t.true(Number.isNaN(mean([])));
});

test('the median is the middle value, or the mean of the two in the middle', (t) => {
  t.is(median([3, 1, 2]), 2);
  t.is(median([4, 1, 3, 2]), 2.5);
  t.is(median([7]), 7);
  t.is(median([]), Number.NaN);
});
