import test from 'ava';
import { loadAddon } from '../../ts/native/addon.js';
import { referenceSample } from '../helpers/draws.js';
import { isas } from '../helpers/isas.js';

const { sampleWithoutReplacement, sampleBudget, normalQuantile, studentQuantile } =
  loadAddon().kernels;

const key = { seed: 2 ** 40 + 7, domain: 2, layer: 3, qHead: 5, position: 99 };

for (const isa of isas) {
  for (const population of [1, 2, 63, 64, 65, 1000]) {
    test(`a sample of ${population} by ${isa} is that of Floyd's method on Philox`, (t) => {
      for (const n of new Set([0, 1, Math.ceil(population / 3), population - 1, population])) {
        const sample = sampleWithoutReplacement({ ...key, population, n, isa });
        t.deepEqual([...sample], referenceSample(key, population, n));
        t.is(new Set(sample).size, n);
      }
    });
  }
}

test('another seed, domain, layer, head or position draws another sample', (t) => {
  const draw = (other: Partial<typeof key>) =>
    sampleWithoutReplacement({ ...key, ...other, population: 500, n: 50 }).join();
  const samples = [
    draw({}),
    draw({ seed: 1 }),
    draw({ domain: 3 }),
    draw({ layer: 4 }),
    draw({ qHead: 6 }),
    draw({ position: 98 }),
  ];
  t.is(new Set(samples).size, samples.length);
});

test('every pair of numbers is equally likely', (t) => {
  const population = 6;
  const nSeeds = 30_000;
  const counts = new Map<string, number>();
  for (let seed = 0; seed < nSeeds; seed++) {
    const pair = sampleWithoutReplacement({ ...key, seed, population, n: 2 }).join();
    counts.set(pair, (counts.get(pair) ?? 0) + 1);
  }
  t.is(counts.size, 15);
  const expected = nSeeds / 15;
  const chi2 = [...counts.values()].reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
  // Chi-squared with 14 degrees of freedom passes 55.5 less than once in a million.
  t.true(chi2 < 55.5, `chi2 = ${chi2}`);
});

// Tabulated values.
const normal: readonly (readonly [number, number])[] = [
  [0.5, 0],
  [0.75, 0.674489750196],
  [0.8, 0.841621233572],
  [0.9, 1.281551565544],
  [0.975, 1.95996398454],
  [0.999, 3.090232306167],
  [0.1, -1.281551565544],
];
const student: readonly (readonly [number, number, number])[] = [
  [0.975, 1, 12.706204736432],
  [0.975, 2, 4.302652729696],
  [0.975, 15, 2.131449545559],
  [0.9, 30, 1.310415025391],
  [0.995, 100, 2.625890521438],
];

test('the normal quantile is that of the tables', (t) => {
  for (const [p, x] of normal) t.true(Math.abs(normalQuantile(p) - x) < 1e-11, `p=${p}`);
});

test("Student's quantile is that of the tables", (t) => {
  for (const [p, dof, x] of student) {
    t.true(Math.abs(studentQuantile(p, dof) / x - 1) < 1e-9, `p=${p} dof=${dof}`);
  }
  t.true(Math.abs(studentQuantile(0.975, 1e6) / normalQuantile(0.975) - 1) < 1e-5);
});

test('the budget makes the standard error the allowed one', (t) => {
  const base = { epsilon: 0.1, quantile: 2, certain: 50, mean: 1, deviation: 2, nBase: 100 };
  const population = 1000;
  const n = sampleBudget({ ...base, population });
  const error = (k: number) => population * base.deviation * Math.sqrt(1 / k - 1 / population);
  const allowed = (base.epsilon * (base.certain + population * (1 - 2 / 10))) / base.quantile;
  t.true(error(n) <= allowed);
  t.true(error(n - 1) > allowed);
  t.is(sampleBudget({ ...base, deviation: 0, population }), 1);
  t.is(sampleBudget({ ...base, epsilon: 1e-9, population }), population);
  t.is(sampleBudget({ ...base, certain: 1e12, population }), 1);
});
