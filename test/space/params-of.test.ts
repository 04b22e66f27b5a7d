import test from 'ava';
import type { Params } from '../../ts/space/distribution.js';
import type { ParamsOf } from '../../ts/space/params-of.js';
import type { SearchSpace, SpaceSchema } from '../../ts/space/search-space.js';

/** Whether two types are the same, not only assignable to each other. */
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** An intersection written out as one object. */
type Flat<T> = T extends unknown ? { [K in keyof T]: T[K] } : never;

/** Compiles only for `true`. */
const holds = <_T extends true>() => true;

const space = {
  properties: {
    x: { type: 'number', minimum: 0, maximum: 1, 'x-search': { scale: 'linear' } },
    n: { type: 'integer', minimum: 1, maximum: 9 },
    center: { enum: ['keys', 'none', null] },
    isExact: { type: 'boolean' },
    page: { const: 16 },
  },
} as const;

const conditional = {
  properties: { size: { type: 'integer', minimum: 1, maximum: 3 } },
  oneOf: [
    { properties: { kind: { const: 'hash' }, bits: { type: 'integer', minimum: 1, maximum: 4 } } },
    { properties: { kind: { const: 'none' } } },
  ],
} as const;

test('a schema that is known to the compiler gives the type of its configurations', (t) => {
  interface Expected {
    readonly x: number;
    readonly n: number;
    readonly center: 'keys' | 'none' | null;
    readonly isExact: boolean;
    readonly page: 16;
  }
  t.true(holds<Same<Flat<ParamsOf<typeof space>>, Flat<Expected>>>());
});

test('alternatives give a union that is told apart by its discriminator', (t) => {
  type Expected =
    | { readonly size: number; readonly kind: 'hash'; readonly bits: number }
    | { readonly size: number; readonly kind: 'none' };
  t.true(holds<Same<Flat<ParamsOf<typeof conditional>>, Expected>>());
});

test('a schema of which only the shape is known gives plain configurations', (t) => {
  t.true(holds<Same<ParamsOf<SpaceSchema>, Params>>());
  t.true(holds<Same<ParamsOf<SearchSpace>, Params>>());
  t.true(holds<Same<ParamsOf<{ properties: Record<string, unknown> }>, Params>>());
  t.true(holds<Same<ParamsOf<{ properties: { x: { type: string } } }>, Params>>());
});
