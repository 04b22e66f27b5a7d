import test from 'ava';
import { loadAddon } from '../../ts/native/addon.js';

const { philox, lshPlanes } = loadAddon().kernels;

// The known answers of Random123 (kat_vectors, philox4x32 10).
const known: readonly [string, number[], number[], number[]][] = [
  ['zeros', [0, 0, 0, 0], [0, 0], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]],
  [
    'ones',
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    'the digits of pi',
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
];

for (const [title, counter, key, words] of known) {
  test(`philox gives the published answer for ${title}`, (t) => {
    t.deepEqual([...philox(Uint32Array.from(counter), Uint32Array.from(key))], words);
  });
}

test('LSH planes are standard normal', (t) => {
  const planes = lshPlanes({ seed: 1, layer: 0, lshL: 64, lshK: 16, headDim: 64 });
  const n = planes.length;
  const moment = (power: number) => planes.reduce((sum, x) => sum + x ** power, 0) / n;
  // Bounds of 4.9 standard errors: var(x) = 1, var(x^2) = 2, var(x^4) = 96.
  t.true(Math.abs(moment(1)) < 4.9 / Math.sqrt(n));
  t.true(Math.abs(moment(2) - 1) < 4.9 * Math.sqrt(2 / n));
  t.true(Math.abs(moment(4) - 3) < 4.9 * Math.sqrt(96 / n));
});

test('a plane depends on its own table and bit, not on how many there are', (t) => {
  const few = lshPlanes({ seed: 7, layer: 3, lshL: 2, lshK: 3, headDim: 10 });
  const many = lshPlanes({ seed: 7, layer: 3, lshL: 5, lshK: 4, headDim: 10 });
  t.deepEqual(few.subarray(3 * 10, 4 * 10), many.subarray(4 * 10, 5 * 10));
});

test('planes differ between seeds and between layers', (t) => {
  const shape = { lshL: 1, lshK: 1, headDim: 8 };
  const plane = lshPlanes({ ...shape, seed: 1, layer: 0 });
  t.notDeepEqual(plane, lshPlanes({ ...shape, seed: 2, layer: 0 }));
  t.notDeepEqual(plane, lshPlanes({ ...shape, seed: 1, layer: 1 }));
  t.notDeepEqual(plane, lshPlanes({ ...shape, seed: 2 ** 32 + 1, layer: 0 }));
});
