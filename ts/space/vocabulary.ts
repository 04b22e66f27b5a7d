import {
  Ajv2020,
  type AnySchemaObject,
  type ErrorObject,
  type Options,
  type ValidateFunction,
} from 'ajv/dist/2020.js';

/** `$schema` of a search space; a name, nothing is fetched. */
export const SEARCH_SCHEMA_ID = 'urn:sparsetune:search-space:1';

const DRAFT = 'https://json-schema.org/draft/2020-12';

/** The one keyword beside JSON Schema 2020-12: how a parameter is searched. */
export const X_SEARCH_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  properties: {
    scale: { enum: ['linear', 'log'], default: 'linear' },
    step: { type: 'number', exclusiveMinimum: 0 },
    prior: {
      type: 'object',
      required: ['kind'],
      discriminator: { propertyName: 'kind' },
      oneOf: [
        { properties: { kind: { const: 'uniform' } }, additionalProperties: false },
        {
          required: ['mean', 'sd'],
          additionalProperties: false,
          properties: {
            kind: { const: 'normal' },
            mean: { type: 'number' },
            sd: { type: 'number', exclusiveMinimum: 0 },
          },
        },
        {
          required: ['weights'],
          additionalProperties: false,
          properties: {
            kind: { const: 'weights' },
            weights: { type: 'array', minItems: 1, items: { type: 'number', minimum: 0 } },
          },
        },
      ],
    },
  },
} as const;

const META_SCHEMA = {
  $schema: `${DRAFT}/schema`,
  $id: SEARCH_SCHEMA_ID,
  $vocabulary: {
    [`${DRAFT}/vocab/core`]: true,
    [`${DRAFT}/vocab/applicator`]: true,
    [`${DRAFT}/vocab/unevaluated`]: true,
    [`${DRAFT}/vocab/validation`]: true,
    [`${DRAFT}/vocab/meta-data`]: true,
    'urn:sparsetune:vocab:search': false,
  },
  $dynamicAnchor: 'meta',
  title: 'Search space: JSON Schema 2020-12 and x-search',
  type: ['object', 'boolean'],
  allOf: [{ $ref: `${DRAFT}/schema` }],
  properties: { 'x-search': X_SEARCH_SCHEMA },
};

let metaValidator: Ajv2020 | undefined;

/** Errors of a schema against the meta-schema; empty when it is well formed. */
export function metaSchemaErrors(schema: unknown): readonly ErrorObject[] {
  metaValidator ??= createAjv().addMetaSchema(META_SCHEMA);
  metaValidator.validate(SEARCH_SCHEMA_ID, schema);
  return [...(metaValidator.errors ?? [])];
}

/**
 * Compiles a schema that `metaSchemaErrors` has passed; in an ajv of its own, so that equal `$id`s of two spaces never
 * meet, and without the meta-schemas, which take longer to compile than any space.
 */
export function compileSchema(schema: AnySchemaObject): ValidateFunction {
  return createAjv({ meta: false, validateSchema: false }).compile(schema);
}

/** A strict ajv that knows `x-search`. */
function createAjv(options: Options = {}): Ajv2020 {
  const ajv = new Ajv2020({
    allErrors: true,
    strict: true,
    strictRequired: false,
    discriminator: true,
    multipleOfPrecision: 9,
    verbose: true,
    logger: false,
    ...options,
  });
  ajv.addKeyword({ keyword: 'x-search', schemaType: 'object' });
  return ajv;
}
