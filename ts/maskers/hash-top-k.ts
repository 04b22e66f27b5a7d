import { type MaskerDefinition, sizeProperties } from './masker.js';

const size = { count: 'heavySize', fraction: 'heavyFraction' };

/** Keeps the keys whose learned signature agrees most with that of the query. */
export const hashTopK: MaskerDefinition = {
  kind: 'hash_top_k',
  schema: {
    type: 'object',
    properties: {
      kind: { const: 'hash_top_k' },
      ...sizeProperties(size),
      hatWeightFile: { type: 'string', minLength: 1 },
      hatMlpActivation: { enum: ['relu', 'silu', 'gelu', 'tanh'] },
      hatBits: { type: 'integer', minimum: 1 },
      hatMlpLayers: { type: 'integer', minimum: 1 },
      hatMlpHiddenSize: { type: 'integer', minimum: 1 },
    },
    required: ['kind'],
    oneOf: [{ required: [size.count] }, { required: [size.fraction] }],
    additionalProperties: false,
  },
  // The file depends on the model; this name stands for it.
  defaultConfig: {
    kind: 'hash_top_k',
    heavyFraction: 0.1,
    hatWeightFile: 'hash-weights.safetensors',
    hatMlpActivation: 'silu',
  },
  ranges: {
    heavySize: { type: 'integer', minimum: 1, maximum: 4096, 'x-search': { scale: 'log' } },
    heavyFraction: { type: 'number', minimum: 0.005, maximum: 0.2, 'x-search': { scale: 'log' } },
  },
  searched: ['heavyFraction'],
  size,
  isSampling: false,
  doc: {
    summary:
      'The keys whose learned bit signature differs in the fewest bits from that of the query, among those no earlier masker keeps. The networks come from hatWeightFile.',
    formula:
      'the heavySize largest of { sign(f(q_i)) . sign(g(k_j)) : j not attended yet }, f and g small networks per head',
    source: 'HashAttention, arXiv:2412.14468',
  },
};
