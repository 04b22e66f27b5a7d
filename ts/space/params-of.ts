import type { FromSchema, JSONSchema } from 'json-schema-to-ts';
import type { Params } from './distribution.js';

/**
 * The configurations of a search space as a type: of a schema that TypeScript knows literally, its parameters by name,
 * each typed by json-schema-to-ts, and a union over the alternatives of `oneOf`; of anything else, `Params`.
 *
 * Every parameter of a space is required, whatever `required` says. Ranges, steps and `multipleOf` are not in the type:
 * a number is a `number`.
 *
 * @example
 * type P = ParamsOf<{ properties: { x: { type: 'number'; minimum: 0; maximum: 1 }; kind: { enum: ['a', 'b'] } } }>;
 * // { readonly x: number; readonly kind: 'a' | 'b' }
 */
export type ParamsOf<Schema> =
  IsTyped<Schema> extends true
    ? Group<Schema> extends infer P extends Params
      ? P
      : Params
    : Params;

/** Whether the compiler knows the parameters literally, not only that there are some. */
type IsTyped<Schema> = Schema extends { readonly properties: infer Properties }
  ? string extends keyof Properties
    ? false
    : Properties extends Readonly<Record<keyof Properties, JSONSchema>>
      ? true
      : false
  : Schema extends { readonly oneOf: readonly (infer Branch)[] }
    ? IsTyped<Branch>
    : false;

type Group<Schema> = Own<Schema> &
  (Schema extends { readonly oneOf: readonly (infer Branch)[] } ? EachGroup<Branch> : unknown);

/** Distributes over the alternatives. */
type EachGroup<Branch> = Branch extends unknown ? Group<Branch> : never;

type Own<Schema> = Schema extends { readonly properties: infer Properties }
  ? { readonly [Name in keyof Properties]: Value<Properties[Name]> }
  : unknown;

type Value<Parameter> = Parameter extends JSONSchema ? FromSchema<Parameter> : never;
