import type { MaskerDefinition } from './masker.js';

/** Samples keys by locality-sensitive hashing and weighs each by its probability of being sampled. */
export const magicPig: MaskerDefinition = {
  kind: 'magic_pig',
  schema: {
    type: 'object',
    properties: {
      kind: { const: 'magic_pig' },
      lshL: { type: 'integer', minimum: 1, maximum: 512 },
      lshK: { type: 'integer', minimum: 1, maximum: 64 },
      minMatches: { enum: [1, 2], default: 2 },
      center: { enum: ['keys', 'none', 'both'], default: 'keys' },
      packing: { enum: ['int64', 'float32'] },
    },
    required: ['kind', 'lshL', 'lshK'],
    additionalProperties: false,
  },
  defaultConfig: { kind: 'magic_pig', lshL: 8, lshK: 8, minMatches: 2, center: 'keys' },
  ranges: {
    lshL: { type: 'integer', minimum: 4, maximum: 300, 'x-search': { scale: 'log' } },
    lshK: { type: 'integer', minimum: 2, maximum: 16 },
    minMatches: { enum: [1, 2] },
    center: { enum: ['keys', 'none'] },
  },
  searched: ['lshL', 'lshK', 'minMatches', 'center'],
  isSampling: true,
  hub: {
    defaultConfig: { kind: 'magic_pig', lshL: 8, lshK: 8, center: 'both' },
    ranges: {
      lshL: { type: 'integer', minimum: 4, maximum: 300, 'x-search': { scale: 'log' } },
      lshK: { type: 'integer', minimum: 2, maximum: 16 },
      center: { enum: ['both', 'none'] },
    },
    searched: ['lshL', 'lshK', 'center'],
  },
  doc: {
    summary:
      "Keys whose signature equals the query's in at least minMatches of lshL hash tables of lshK bits.",
    formula:
      'p = 1 - (1 - u^K)^L - [minMatches = 2] L u^K (1 - u^K)^(L - 1), u = 1 - angle(q_i, k_j) / pi; weight exp(score) / p',
    source: 'MagicPIG, arXiv:2410.16179',
  },
};
