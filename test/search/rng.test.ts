import test from 'ava';
import { Rng } from '../../ts/search/rng.js';

test('equal seeds and counters give equal numbers', (t) => {
  const draw = (seed: number, counter: number) =>
    Array.from({ length: 5 }, Rng.at(seed, counter).uniform);
  t.deepEqual(draw(7, 3), draw(7, 3));
  t.notDeepEqual(draw(7, 3), draw(7, 4));
  t.notDeepEqual(draw(7, 3), draw(8, 3));
  t.notDeepEqual(draw(7, 3), draw(3, 7));
  t.notDeepEqual(draw(2 ** 40, 0), draw(0, 2 ** 40));
});

test('first numbers of neighbouring streams are uniform and unrelated', (t) => {
  const n = 20_000;
  const firsts = Array.from({ length: n }, (_, counter) => Rng.at(1, counter).uniform());
  const mean = firsts.reduce((a, b) => a + b) / n;
  const lag =
    firsts.slice(1).reduce((sum, u, i) => sum + (u - 0.5) * ((firsts[i] ?? 0) - 0.5), 0) / (n - 1);
  // Five standard errors: sqrt(1/12) and 1/12, each over sqrt(n).
  t.true(Math.abs(mean - 0.5) < (5 * Math.sqrt(1 / 12)) / Math.sqrt(n), `${mean}`);
  t.true(Math.abs(lag) < 5 / 12 / Math.sqrt(n), `${lag}`);
  t.true(firsts.every((u) => u >= 0 && u < 1));
});

test('each member is chosen equally often', (t) => {
  const rng = Rng.at(5, 0);
  const counts = [0, 0, 0, 0, 0];
  for (let i = 0; i < 5000; i++) {
    const chosen = rng.choose([0, 1, 2, 3, 4], 2);
    t.is(new Set(chosen).size, 2);
    for (const k of chosen) counts[k] = (counts[k] ?? 0) + 1;
  }
  for (const count of counts)
    t.true(Math.abs(count - 2000) < 6 * Math.sqrt(5000 * 0.4 * 0.6), `${count}`);
});
