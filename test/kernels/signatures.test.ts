import test from 'ava';
import { loadAddon } from '../../ts/native/addon.js';
import { uniformSource } from '../helpers/arrays.js';
import { isas } from '../helpers/isas.js';

const { signatureScores } = loadAddon().kernels;

function words(n: number, seed: number): Uint32Array {
  const uniform = uniformSource(seed);
  return Uint32Array.from({ length: n }, () => Math.floor(uniform() * 2 ** 32));
}

function differingBits(a: Uint32Array, b: Uint32Array): number {
  const ones = (word: number) => [...(word >>> 0).toString(2)].filter((bit) => bit === '1').length;
  return a.reduce((sum, word, i) => sum + ones(word ^ (b[i] ?? 0)), 0);
}

for (const isa of isas) {
  for (const nWords of [1, 2, 3, 5]) {
    test(`signatureScores ${isa} counts differing bits of ${nWords} words`, (t) => {
      for (const n of [0, 1, 17, 100]) {
        const query = words(2 * nWords, 1);
        const keys = words(2 * nWords * n, 2);
        keys.set(query.subarray(0, Math.min(keys.length, query.length)));
        const scores = signatureScores({ nWords, query, keys, isa });
        const expected = Array.from({ length: n }, (_, j) => {
          return 0 - differingBits(query, keys.subarray(2 * nWords * j, 2 * nWords * (j + 1)));
        });
        t.deepEqual([...scores], expected);
      }
    });
  }
}
