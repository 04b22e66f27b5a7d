import type { MaskerDefinition } from './masker.js';

/** Keeps the highest-scoring keys that together hold a share of the softmax mass. */
export const topP: MaskerDefinition = {
  kind: 'top_p',
  schema: {
    type: 'object',
    properties: {
      kind: { const: 'top_p' },
      topP: { type: 'number', minimum: 0, maximum: 1 },
    },
    required: ['kind', 'topP'],
    additionalProperties: false,
  },
  defaultConfig: { kind: 'top_p', topP: 0.7 },
  ranges: { topP: { type: 'number', minimum: 0.1, maximum: 0.99 } },
  searched: ['topP'],
  isSampling: false,
  doc: {
    summary:
      'The fewest keys, by falling score, that hold topP of the softmax mass of the keys no earlier masker keeps; at least one.',
    formula: 'the shortest prefix P of the sorted keys with sum_P exp(s q_i . k_j) >= topP * sum',
    source: 'Twilight, arXiv:2502.02770 (top-p in place of top-k)',
  },
};
