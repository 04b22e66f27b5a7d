import { type MaskerDefinition, sizeProperties } from './masker.js';

const size = { count: 'heavySize', fraction: 'heavyFraction' };

/** Keeps the pages of keys whose bounds promise the highest scores. */
export const quest: MaskerDefinition = {
  kind: 'quest',
  schema: {
    type: 'object',
    properties: {
      kind: { const: 'quest' },
      ...sizeProperties(size),
      pageSize: { type: 'integer', minimum: 1, maximum: 4096 },
      labelBits: { type: 'integer', minimum: 1, maximum: 16 },
    },
    required: ['kind', 'pageSize'],
    oneOf: [{ required: [size.count] }, { required: [size.fraction] }],
    additionalProperties: false,
  },
  defaultConfig: { kind: 'quest', heavyFraction: 0.1, pageSize: 16 },
  ranges: {
    heavySize: { type: 'integer', minimum: 1, maximum: 4096, 'x-search': { scale: 'log' } },
    heavyFraction: { type: 'number', minimum: 0.005, maximum: 0.2, 'x-search': { scale: 'log' } },
    pageSize: { enum: [4, 8, 16, 32, 64, 128, 256] },
  },
  searched: ['heavyFraction', 'pageSize'],
  size,
  isSampling: false,
  doc: {
    summary:
      "The query's own page, and as many whole pages as heavySize holds (at least one), by an upper bound of their keys' scores.",
    formula:
      'page score = sum_c max(q_c min_c, q_c max_c) over the smallest and largest element of each channel',
    source: 'Quest, arXiv:2406.10774',
  },
};
