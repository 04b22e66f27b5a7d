import test from 'ava';
import { denseAttention, KvCache } from '../../ts/index.js';
import { loadAddon } from '../../ts/native/addon.js';
import { allIsas } from '../../ts/native/isa.js';
import { normals } from '../helpers/arrays.js';
import { isas } from '../helpers/isas.js';

const { bestIsa, supportsIsa, kernels } = loadAddon();

const queries = normals(8, 1);
const kv = new KvCache({ nKvHeads: 1, headDim: 8, dtype: 'f32', capacity: 5 });
kv.append(normals(40, 2), normals(40, 3));

test('the best instruction set is the last that this CPU has', (t) => {
  t.is(isas[0], 'scalar');
  t.is(isas.at(-1), bestIsa);
});

test('no CPU has the instruction sets of two processors', (t) => {
  t.false(supportsIsa('neon') && supportsIsa('avx2'));
  if (supportsIsa('avx512')) t.true(supportsIsa('avx2'));
});

for (const isa of allIsas) {
  if (supportsIsa(isa)) {
    test(`${isa} runs when it is named`, (t) => {
      t.true(denseAttention(queries, kv, { nQHeads: 1, isa }).output.every(Number.isFinite));
    });
  } else {
    test(`${isa}, which this CPU has not, is refused by name`, (t) => {
      t.throws(() => denseAttention(queries, kv, { nQHeads: 1, isa }), {
        instanceOf: RangeError,
        code: 'ERR_ARGUMENT',
        message: new RegExp(`isa.*${isa}`),
      });
      t.throws(() => kernels.topK({ scores: queries, k: 1, isa }), {
        instanceOf: RangeError,
        message: `This CPU has no ${isa}; leave isa out`,
      });
    });
  }
}

test('a name that is no instruction set is refused with those that are', (t) => {
  const isa = 'sse2' as 'scalar';
  t.throws(() => denseAttention(queries, kv, { nQHeads: 1, isa }), { instanceOf: TypeError });
  t.throws(() => kernels.topK({ scores: queries, k: 1, isa }), {
    instanceOf: TypeError,
    message: 'Expected "scalar", "avx2", "avx512" or "neon" for isa but received "sse2"',
  });
});
