import test from 'ava';
import { loadAddon } from '../../ts/native/addon.js';
import { normals } from '../helpers/arrays.js';

const { topP } = loadAddon().kernels;

/** The shortest prefix of the sorted scores whose mass reaches the share. */
function reference(scores: Float32Array, scale: number, share: number): number[] {
  const order = [...scores.keys()].sort(
    (a, b) => scale * ((scores[b] ?? 0) - (scores[a] ?? 0)) || a - b,
  );
  const weights = order.map((i) =>
    Math.exp(scale * ((scores[i] ?? 0) - (scores[order[0] ?? 0] ?? 0))),
  );
  const total = weights.reduce((a, b) => a + b, 0);
  let sum = 0;
  const last = weights.findIndex((weight) => {
    sum += weight;
    return sum >= share * total;
  });
  return order.slice(0, last === -1 ? order.length : last + 1).sort((a, b) => a - b);
}

for (const n of [1, 2, 3, 16, 17, 1000]) {
  test(`topP keeps the shortest prefix of the mass at n=${n}`, (t) => {
    for (const [seed, scale] of [
      [1, 1],
      [2, 0.125],
      [3, 6],
      [4, -1],
    ] as const) {
      const scores = normals(n, seed);
      for (const share of [0, 0.01, 0.3, 0.7, 0.95, 0.999]) {
        t.deepEqual([...topP({ scores, scale, topP: share })], reference(scores, scale, share));
      }
    }
  });
}

test('topP of equal scores takes the first ones', (t) => {
  const scores = new Float32Array(10).fill(2);
  t.deepEqual([...topP({ scores, scale: 1, topP: 0.35 })], [0, 1, 2, 3]);
  t.deepEqual([...topP({ scores, scale: 1, topP: 1 })], [...scores.keys()]);
});

test('topP refuses scores that are not finite', (t) => {
  for (const bad of [Number.NaN, Infinity, -Infinity]) {
    t.throws(() => topP({ scores: Float32Array.of(1, bad), scale: 1, topP: 0.5 }), {
      code: 'ERR_ARGUMENT',
    });
  }
});
