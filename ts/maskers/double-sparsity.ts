import { type MaskerDefinition, sizeProperties } from './masker.js';

const size = { count: 'heavySize', fraction: 'heavyFraction' };

/** Keeps the keys with the highest scores on a few channels that were chosen beforehand. */
export const doubleSparsity: MaskerDefinition = {
  kind: 'double_sparsity',
  schema: {
    type: 'object',
    properties: {
      kind: { const: 'double_sparsity' },
      ...sizeProperties(size),
      groupFactor: { type: 'integer', minimum: 1, maximum: 1024 },
      sortedChannelFile: { type: 'string', minLength: 1 },
      channelSelection: { type: 'string', minLength: 1 },
      labelBits: { type: 'integer', minimum: 1, maximum: 16 },
    },
    required: ['kind'],
    oneOf: [{ required: [size.count] }, { required: [size.fraction] }],
    additionalProperties: false,
  },
  // The file depends on the model; this name stands for it.
  defaultConfig: {
    kind: 'double_sparsity',
    heavyFraction: 0.1,
    groupFactor: 16,
    sortedChannelFile: 'channels.json',
  },
  ranges: {
    heavySize: { type: 'integer', minimum: 1, maximum: 4096, 'x-search': { scale: 'log' } },
    heavyFraction: { type: 'number', minimum: 0.005, maximum: 0.2, 'x-search': { scale: 'log' } },
    groupFactor: { enum: [2, 4, 8, 16] },
  },
  searched: ['heavyFraction', 'groupFactor'],
  size,
  isSampling: false,
  doc: {
    summary:
      'The keys with the largest dot product with the query on headDim / groupFactor channels, among those no earlier masker keeps. The channels of each layer and head come from sortedChannelFile.',
    formula: 'the heavySize largest of { sum over channels c of q_ic k_jc : j not attended yet }',
    source: 'Double Sparsity, arXiv:2408.07092',
  },
};
