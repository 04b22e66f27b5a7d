import { type MaskerDefinition, sizeProperties } from './masker.js';

const size = { count: 'heavySize', fraction: 'heavyFraction' };

const heavyRanges = {
  heavySize: { type: 'integer', minimum: 1, maximum: 4096, 'x-search': { scale: 'log' } },
  heavyFraction: { type: 'number', minimum: 0.005, maximum: 0.2, 'x-search': { scale: 'log' } },
};

/** Keeps the keys with the highest scores among those not yet attended. */
export const topK: MaskerDefinition = {
  kind: 'top_k',
  schema: {
    type: 'object',
    properties: {
      kind: { const: 'top_k' },
      ...sizeProperties(size),
      scoreDtype: { enum: ['kv', 'int8'] },
    },
    required: ['kind'],
    oneOf: [{ required: [size.count] }, { required: [size.fraction] }],
    additionalProperties: false,
  },
  defaultConfig: { kind: 'top_k', heavyFraction: 0.1 },
  ranges: { ...heavyRanges, scoreDtype: { enum: ['kv', 'int8'] } },
  searched: ['heavyFraction'],
  hub: { ranges: heavyRanges },
  size,
  isSampling: false,
  doc: {
    summary:
      'The keys with the largest dot product with the query that no earlier masker keeps; scoreDtype int8 looks for them in a copy with 8 bits an element.',
    formula: 'the heavySize largest of { q_i . k_j : j not attended yet }',
    source: 'exact top-k, the upper bound that HashAttention (arXiv:2412.14468) approximates',
  },
};
