// Types that a user's program relies on; checked by tsd in test/package/types.test.ts, never run.
import {
  AshaScheduler,
  type Device,
  getWinner,
  KvCache,
  MemoryStorage,
  type NativeLoadError,
  RandomSampler,
  SparseAttention,
  type SparseConfig,
  type SparseTuneError,
  Study,
  type TuneResult,
  tune,
  version,
} from 'sparsetune';
import { expectAssignable, expectError, expectType } from 'tsd';

expectType<string>(version);

expectType<Promise<TuneResult[]>>(tune({ model: 'm.gguf', task: 'niah_mq8@512' }));
expectError(tune({ model: 'm.gguf' }));
expectError(tune({ model: 'm.gguf', task: 'niah_mq8@512', trials: 'many' }));
expectError(getWinner({ model: 'm.gguf' }));

expectAssignable<SparseConfig>({ maskers: [{ kind: 'sink', sinkSize: 4 }] });
const cache = new KvCache({ nKvHeads: 2, headDim: 64, dtype: 'f16', capacity: 128 });
expectError(new KvCache({ nKvHeads: 2, headDim: 64, dtype: 'f8', capacity: 128 }));
expectError(new KvCache({ nKvHeads: 2, headDim: 64, capacity: 128, device: 'gpu' }));
expectType<Device>(new KvCache({ nKvHeads: 2, headDim: 64, capacity: 128, device: 'auto' }).device);
expectType<void>(cache.dispose());
const attention = new SparseAttention({ maskers: [] }, { nQHeads: 4, device: cache.device });
expectType<'cpu' | 'cuda'>(attention.device);
expectType<Float32Array>(attention.forward(new Float32Array(256), cache).output);
expectType<number>((await attention.forwardAsync(new Float32Array(256), cache)).density);
expectError(attention.forward([1, 2, 3], cache));

const study = await Study.open({
  space: {
    properties: {
      x: { type: 'number', minimum: 0, maximum: 1 },
      kind: { enum: ['a', 'b'] },
    },
  },
  sampler: new RandomSampler(),
  scheduler: new AshaScheduler({ maxResource: 1 }),
  storage: new MemoryStorage(),
  trials: 1,
});
const [job] = await study.ask();
if (job !== undefined) {
  expectType<number>(job.trial.params.x);
  expectType<'a' | 'b'>(job.trial.params.kind);
  expectError(job.trial.params.y);
}

declare const error: NativeLoadError;
expectAssignable<SparseTuneError>(error);
expectType<readonly string[]>(error.tried);
