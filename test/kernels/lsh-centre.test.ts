import test from 'ava';
import { loadAddon } from '../../ts/native/addon.js';
import { fromBf16, normals, toBf16, unaligned } from '../helpers/arrays.js';
import { fastIsas, isas } from '../helpers/isas.js';

const { lshCentre } = loadAddon().kernels;

const sizes: readonly [number, number][] = [
  [1, 1],
  [3, 7],
  [2, 8],
  [5, 15],
  [4, 16],
  [3, 17],
  [9, 128],
];

for (const [n, headDim] of sizes) {
  const keys = normals(n * headDim, 1);
  const mean = unaligned(normals(headDim, 2));

  test(`lshCentre subtracts the mean and takes norms at n=${n} headDim=${headDim}`, (t) => {
    const { centred, norms, sums } = lshCentre({ keys, mean, isa: 'scalar' });
    for (let i = 0; i < n; i++) {
      let square = 0;
      for (let j = 0; j < headDim; j++) {
        const at = i * headDim + j;
        t.is(centred[at], Math.fround((keys[at] ?? 0) - (mean[j] ?? 0)));
        square += (centred[at] ?? 0) ** 2;
      }
      t.is(norms[i], Math.fround(Math.sqrt(square)));
    }
    for (let j = 0; j < headDim; j++) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += keys[i * headDim + j] ?? 0;
      t.is(sums[j], Math.fround(sum));
    }
  });

  for (const isa of fastIsas) {
    test(`lshCentre ${isa} is the scalar one at n=${n} headDim=${headDim}`, (t) => {
      const expected = lshCentre({ keys, mean, isa: 'scalar' });
      const actual = lshCentre({ keys: unaligned(keys), mean, isa });
      t.deepEqual(actual.centred, expected.centred);
      t.deepEqual(actual.sums, expected.sums);
      for (const [i, norm] of expected.norms.entries()) {
        t.true(Math.abs((actual.norms[i] ?? Number.NaN) - norm) <= norm * 2 ** -23);
      }
    });
  }
}

for (const isa of isas) {
  test(`lshCentre ${isa} reads binary16 keys`, (t) => {
    // 1, -2, 0.5 and the smallest normal number.
    const keys = Uint16Array.of(0x3c00, 0xc000, 0x3800, 0x0400);
    const { centred } = lshCentre({ keys, mean: Float32Array.of(1, 0, 0, 0), isa });
    t.deepEqual([...centred], [0, -2, 0.5, 2 ** -14]);
  });

  test(`lshCentre ${isa} reads bf16 keys`, (t) => {
    const keys = normals(3 * 19, 4);
    const mean = normals(19, 5);
    const halves = toBf16(keys);
    const expected = lshCentre({ keys: fromBf16(halves), mean, isa });
    t.deepEqual(lshCentre({ keys: halves, mean, dtype: 'bf16', isa }), expected);
  });
}
