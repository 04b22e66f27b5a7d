import type { SpaceSchema } from '../../ts/space/search-space.js';

/** Spaces of every shape, for properties that hold in all of them. */
export const spaceSchemas: Readonly<Record<string, SpaceSchema>> = {
  choices: {
    properties: {
      a: { enum: ['x', 'y', null] },
      b: { type: 'boolean' },
      c: { enum: [1, 2] },
      d: { const: 'fixed' },
    },
  },
  mixed: {
    type: 'object',
    properties: {
      x: { type: 'number', minimum: -3, maximum: 7 },
      rate: { type: 'number', minimum: 1e-6, maximum: 10, 'x-search': { scale: 'log' } },
      grid: {
        type: 'number',
        minimum: 0.1,
        maximum: 0.9,
        multipleOf: 0.1,
        'x-search': { step: 0.1 },
      },
      size: { type: 'integer', minimum: 1, maximum: 512, 'x-search': { scale: 'log' } },
      bits: {
        type: 'integer',
        minimum: 2,
        maximum: 16,
        'x-search': { prior: { kind: 'normal', mean: 8, sd: 0.2 } },
      },
      center: { enum: ['keys', 'none'] },
    },
  },
  conditional: {
    properties: { size: { type: 'integer', minimum: 1, maximum: 3 } },
    oneOf: [
      {
        properties: { kind: { const: 'hash' }, bits: { type: 'integer', minimum: 1, maximum: 4 } },
      },
      {
        properties: {
          kind: { const: 'page' },
          exact: { type: 'boolean' },
          bits: {
            type: 'integer',
            minimum: 10,
            maximum: 50,
            multipleOf: 10,
            'x-search': { step: 10 },
          },
        },
      },
    ],
  },
  nested: {
    oneOf: [
      { properties: { kind: { const: 'none' } } },
      {
        properties: { kind: { const: 'deep' }, n: { type: 'integer', minimum: 0, maximum: 3 } },
        oneOf: [
          {
            properties: {
              unit: { const: 'count' },
              size: { type: 'integer', minimum: 1, maximum: 4 },
            },
          },
          { properties: { unit: { const: 'all' } } },
        ],
        'x-search': { prior: { kind: 'weights', weights: [3, 1] } },
      },
    ],
  },
};
