import test from 'ava';
import { info } from '../../ts/index.js';
import { allIsas } from '../../ts/native/isa.js';

test('info says whether CUDA can be used, and if not, why', (t) => {
  const { isa, cudaBuilt, cudaAvailable, cudaReason, cudaDevice } = info();
  t.true(allIsas.includes(isa));
  t.is(cudaReason === undefined, cudaAvailable);
  t.is(cudaDevice !== undefined, cudaAvailable);
  t.true(cudaAvailable || (cudaReason ?? '').length > 10);
  t.true(cudaBuilt || !cudaAvailable);
});
