import test from 'ava';
import { loadAddon } from '../../ts/native/addon.js';
import { uniformSource } from '../helpers/arrays.js';
import { isas } from '../helpers/isas.js';

const { lshLookUp, lshMatch } = loadAddon().kernels;

interface Case {
  readonly lshL: number;
  readonly lshK: number;
  readonly n: number;
  /** Share of the keys and queries whose code is 0; the other codes are spread evenly. */
  readonly skew: number;
}

function codesOf({ lshL, lshK, n, skew }: Case, seed: number, rows = n): Uint16Array {
  const uniform = uniformSource(seed);
  const code = () => (uniform() < skew ? 0 : Math.floor(uniform() * 2 ** lshK));
  return Uint16Array.from({ length: rows * lshL }, code);
}

const cases: readonly Case[] = [
  ...Array.from({ length: 16 }, (_, k) => ({ lshL: 7, lshK: k + 1, n: 1024, skew: 0 })),
  ...[64, 128, 4096, 5120].map((n) => ({ lshL: 20, lshK: 5, n, skew: 0.02 })),
  ...[0.02, 0.03, 0.04, 0.5, 1].map((skew) => ({ lshL: 12, lshK: 8, n: 2048, skew })),
  { lshL: 1, lshK: 3, n: 128, skew: 0 },
  // More tables than a byte counts, all of them with the same few keys.
  { lshL: 512, lshK: 10, n: 1024, skew: 0.02 },
  { lshL: 300, lshK: 16, n: 64, skew: 0.02 },
  { lshL: 3, lshK: 10, n: 65536, skew: 0.1 },
];

for (const isa of isas) {
  for (const shape of cases) {
    const { lshL, lshK, n, skew } = shape;
    const title = `lshL=${lshL} lshK=${lshK} n=${n} skew=${skew}`;
    test(`lshLookUp ${isa} finds what a scan finds at ${title}`, (t) => {
      const keyCodes = codesOf(shape, 1);
      const queryCodes = codesOf(shape, 2, 3);
      for (const minMatches of [1, 2]) {
        const args = { keyCodes, queryCodes, lshL, lshK, minMatches };
        const { matches, isRestored } = lshLookUp({ ...args, isa });
        t.deepEqual(matches, lshMatch({ ...args, isa: 'scalar' }), `minMatches=${minMatches}`);
        t.true(isRestored);
      }
    });
  }

  test(`lshLookUp ${isa} counts a key that is in every one of 512 tables`, (t) => {
    const shape = { lshL: 512, lshK: 10, minMatches: 2, isa };
    const keyCodes = new Uint16Array(128 * 512).fill(3);
    keyCodes.fill(7, 512 * 5, 512 * 6);
    const queryCodes = new Uint16Array(512).fill(7);
    const { matches } = lshLookUp({ ...shape, keyCodes, queryCodes });
    t.deepEqual(
      [...matches].flatMap((bit, key) => (bit === 1 ? [key] : [])),
      [5],
    );
  });
}

test('bytes count each start and each bucket once for all queries', (t) => {
  const shape = { lshL: 2, lshK: 8, minMatches: 1 };
  const n = 1024;
  // Table 0: code 1 holds 3 keys, code 2 holds 700 and is stored as bits. Table 1: all keys in code 9.
  const keyCodes = Uint16Array.from({ length: n * 2 }, (_, i) => {
    if (i % 2 === 1) return 9;
    if (i / 2 < 3) return 1;
    return i / 2 < 703 ? 2 : 3;
  });
  const bytes = (...queryCodes: number[]) =>
    lshLookUp({ ...shape, keyCodes, queryCodes: Uint16Array.from(queryCodes) }).bytes;
  t.is(bytes(1, 0), 8 + 3 * 2 + 8);
  t.is(bytes(1, 9), 8 + 3 * 2 + 8 + n / 8);
  t.is(bytes(2, 9), 2 * (8 + n / 8));
  t.is(bytes(2, 9, 2, 0), 2 * (8 + n / 8) + 8);
  t.is(bytes(2, 9, 2, 9), bytes(2, 9));
});

test('lshLookUp refuses tables, bits and codes that there cannot be', (t) => {
  const call = { lshL: 2, lshK: 3, minMatches: 1, keyCodes: new Uint16Array(128) };
  const queryCodes = new Uint16Array(2);
  t.notThrows(() => lshLookUp({ ...call, queryCodes }));
  for (const wrong of [
    { lshL: 4000 },
    { lshK: 17 },
    { lshL: 0 },
    { queryCodes: Uint16Array.of(0, 8) },
    { keyCodes: new Uint16Array(128).fill(8) },
  ]) {
    t.throws(() => lshLookUp({ ...call, queryCodes, ...wrong }), { code: 'ERR_SHAPE' });
  }
});

test('the numbers of the keys of a bucket take no more room than two bytes each', (t) => {
  // A bucket of 31 of 1024 keys is a list, one of 32 is bits.
  const keyCodes = (size: number) => Uint16Array.from({ length: 1024 }, (_, i) => +(i < size));
  const bytes = (size: number) =>
    lshLookUp({
      lshL: 1,
      lshK: 1,
      minMatches: 1,
      keyCodes: keyCodes(size),
      queryCodes: Uint16Array.of(1),
    }).bytes;
  t.is(bytes(31), 8 + 62);
  t.is(bytes(32), 8 + 128);
});
