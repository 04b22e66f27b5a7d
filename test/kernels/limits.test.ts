import test from 'ava';
import { MachineLimits } from '../../ts/attention/machine-limits.js';
import { loadAddon } from '../../ts/native/addon.js';
import { isas } from '../helpers/isas.js';

const { LimitProbe, supportsIsa } = loadAddon();

/** Floats of `n` consecutive elements of a probe's memory add up to 3.5 each, from a multiple of 8 on. */
const sumOf = (bytes: number) => (bytes / 4) * 3.5;

for (const isa of isas) {
  test(`${isa} reads every element of a range once`, (t) => {
    const probe = new LimitProbe({ bytes: 2 ** 20 });
    for (const ahead of [0, 2048]) {
      for (const threads of [1, 2, 3]) {
        const bytes = 3 * 256 * 64;
        const pass = probe.stream({ bytes, offset: 4096, ahead, threads, isa });
        t.is(pass.sum, sumOf(bytes));
        t.true(pass.seconds > 0);
      }
    }
  });

  test(`${isa} reads every listed row once`, (t) => {
    const probe = new LimitProbe({ bytes: 2 ** 20 });
    for (const rowsAhead of [0, 1, 8, 1000]) {
      for (const threads of [1, 2]) {
        for (const [nRows, rangeRows] of [
          [333, 4096],
          [333, 333],
          [1, 500],
        ] as const) {
          const rows = { rowBytes: 256, nRows, rangeRows, seed: 7 };
          const pass = probe.gather({ ...rows, rowsAhead, threads, isa });
          t.is(pass.sum, sumOf(nRows * 256));
        }
      }
    }
  });

  test(`${isa} counts the operations it does`, (t) => {
    const sums = { scalar: 12, avx2: 12 * 8, avx512: 12 * 16, neon: 24 * 4 }[isa];
    const { flops, seconds, sum } = LimitProbe.fma({ rounds: 1000, threads: 2, isa });
    t.is(flops, 2 * sums * 1000 * 2);
    t.true(seconds > 0);
    // x -> x / 2 + 1 ends at 2 in every lane of every chain.
    t.true(Math.abs(sum - 2 * sums * 2) < 1e-3);
  });
}

test('a range beyond the memory is refused', (t) => {
  const probe = new LimitProbe({ bytes: 2 ** 20 });
  t.throws(() => probe.stream({ bytes: 2 ** 20, offset: 4096, ahead: 0, threads: 1 }), {
    code: 'ERR_SHAPE',
  });
  for (const [rowBytes, nRows, rangeRows] of [
    [100, 1, 1],
    [256, 5, 4],
    [256, 1, 4097],
  ] as const) {
    const rows = { rowBytes, nRows, rangeRows, seed: 0, rowsAhead: 0, threads: 1 };
    t.throws(() => probe.gather(rows), { code: 'ERR_SHAPE' });
  }
});

test('no threads, or too many, are refused', (t) => {
  const probe = new LimitProbe({ bytes: 2 ** 20 });
  for (const threads of [0, 1025]) {
    t.throws(() => probe.stream({ bytes: 2 ** 16, offset: 0, ahead: 0, threads }), {
      code: 'ERR_ARGUMENT',
      message: /1 to 1024 for threads/,
    });
  }
});

test('machine limits are finite, and reading twice as much takes longer', (t) => {
  t.true(supportsIsa('scalar'));
  const limits = new MachineLimits({ bytes: 2 ** 26 });
  t.true(limits.streamMs(2 ** 26) > limits.streamMs(2 ** 20));
  t.true(limits.gatherMs(512, 20_000, 40_000) > limits.gatherMs(512, 100, 40_000));
  t.true(Number.isFinite(limits.gatherMs(512, 1000, 1e9)));
  t.true(limits.fmaFlopsPerSecond() > 1e8);
});
