import { type MaskerDefinition, sizeSchema } from './masker.js';

const size = { count: 'heavySize', fraction: 'heavyFraction' };

/** Keeps the keys with the highest scores among those not yet attended. */
export const topK: MaskerDefinition = {
  kind: 'top_k',
  schema: sizeSchema('top_k', size),
  defaultConfig: { kind: 'top_k', heavyFraction: 0.1 },
  ranges: {
    heavySize: { type: 'integer', minimum: 1, maximum: 4096, 'x-search': { scale: 'log' } },
    heavyFraction: { type: 'number', minimum: 0.005, maximum: 0.2, 'x-search': { scale: 'log' } },
  },
  searched: ['heavyFraction'],
  size,
  isSampling: false,
  doc: {
    summary: 'The keys with the largest dot product with the query that no earlier masker keeps.',
    formula: 'the heavySize largest of { q_i . k_j : j not attended yet }',
    source: 'exact top-k, the upper bound that HashAttention (arXiv:2412.14468) approximates',
  },
};
