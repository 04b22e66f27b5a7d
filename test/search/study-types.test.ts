import test from 'ava';
import { AshaScheduler } from '../../ts/search/asha-scheduler.js';
import { RandomSampler } from '../../ts/search/random-sampler.js';
import { Study } from '../../ts/search/study.js';
import type { Params } from '../../ts/space/distribution.js';
import { SearchSpace, type SpaceSchema } from '../../ts/space/search-space.js';

const rest = {
  sampler: new RandomSampler(),
  scheduler: new AshaScheduler({ maxResource: 1 }),
  trials: 3,
};

const schema: SpaceSchema = { properties: { x: { type: 'number', minimum: 0, maximum: 1 } } };

// These tests are the compiler's: a line below `@ts-expect-error` that compiles is an error.

test('the configurations of a job and of the best trial have the type of a schema in the call', async (t) => {
  const study = await Study.open({
    space: {
      properties: {
        x: { type: 'number', minimum: 0, maximum: 1 },
        kind: { enum: ['a', 'b'] },
        page: { const: 16 },
      },
    },
    isFeasible: ({ x, kind }) => x >= 0 && kind !== 'b',
    enqueue: [{ x: 0.5, kind: 'a', page: 16 }],
    ...rest,
  });
  const [job] = await study.ask();
  if (job === undefined) return t.fail('no job');
  const { x, kind, page } = job.trial.params;
  const typed: [number, 'a' | 'b', 16] = [x, kind, page];
  t.deepEqual(typed, [0.5, 'a', 16]);
  // @ts-expect-error - there is no such parameter
  t.is(job.trial.params.y, undefined);
  // @ts-expect-error - a number is no text
  const text: string = x;
  t.is(typeof text, 'number');
  await study.tell([{ trial: job.trial, to: job.to, metrics: { value: x } }]);
  const best: number | undefined = study.best()[0]?.params.x;
  t.is(best, 0.5);
  // @ts-expect-error - 'c' is no choice
  await t.throwsAsync(study.enqueue([{ x: 0.5, kind: 'c', page: 16 }]));
});

test('alternatives are told apart by their discriminator', async (t) => {
  const study = await Study.open({
    space: {
      oneOf: [
        {
          properties: {
            kind: { const: 'hash' },
            bits: { type: 'integer', minimum: 1, maximum: 4 },
          },
        },
        { properties: { kind: { const: 'none' } } },
      ],
    },
    ...rest,
  });
  const [job] = await study.ask();
  const params = job?.trial.params;
  if (params?.kind === 'hash') {
    const bits: number = params.bits;
    t.true(bits >= 1);
  } else {
    // @ts-expect-error - the other alternative has none
    t.is(params?.bits, undefined);
  }
});

test('a schema of which only the shape is known, and a parsed space, give plain configurations', async (t) => {
  const plain: Study = await Study.open({ space: schema, ...rest });
  const parsed: Study = await Study.open({ space: SearchSpace.parse(schema), ...rest });
  for (const study of [plain, parsed]) {
    const [job] = await study.ask();
    const params: Params | undefined = job?.trial.params;
    t.is(typeof params?.['x'], 'number');
    // @ts-expect-error - what it is has to be found out
    const x: number | undefined = params?.['x'];
    t.is(typeof x, 'number');
  }
});

test('a typed study is a study', async (t) => {
  const take = (study: Study) => study.isFinished;
  t.false(take(await Study.open({ space: { properties: { b: { type: 'boolean' } } }, ...rest })));
});
