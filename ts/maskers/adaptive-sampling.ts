import { type MaskerDefinition, sizeProperties } from './masker.js';

const size = { count: 'baseSize', fraction: 'baseFraction' };
const share = { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 };

/** Samples as many keys as a small first sample says are needed for a relative error. */
export const adaptiveSampling: MaskerDefinition = {
  kind: 'adaptive_sampling',
  schema: {
    type: 'object',
    properties: {
      kind: { const: 'adaptive_sampling' },
      ...sizeProperties(size),
      [size.count]: { type: 'integer', minimum: 0 },
      [size.fraction]: { type: 'number', minimum: 0, exclusiveMaximum: 1 },
      epsilon: share,
      delta: share,
      initOffsetSize: { type: 'integer', minimum: 0 },
      initOffsetFraction: { type: 'number', minimum: 0, maximum: 1 },
      localOffsetSize: { type: 'integer', minimum: 0 },
      localOffsetFraction: { type: 'number', minimum: 0, maximum: 1 },
    },
    required: ['kind', 'epsilon', 'delta'],
    oneOf: [{ required: [size.count] }, { required: [size.fraction] }],
    additionalProperties: false,
  },
  defaultConfig: { kind: 'adaptive_sampling', baseFraction: 0.02, epsilon: 0.25, delta: 0.25 },
  ranges: {
    baseSize: { type: 'integer', minimum: 16, maximum: 1024, 'x-search': { scale: 'log' } },
    baseFraction: { type: 'number', minimum: 0.005, maximum: 0.1, 'x-search': { scale: 'log' } },
    epsilon: { type: 'number', minimum: 0.05, maximum: 0.5, 'x-search': { scale: 'log' } },
    delta: { type: 'number', minimum: 0.05, maximum: 0.5, 'x-search': { scale: 'log' } },
  },
  searched: ['baseFraction', 'epsilon', 'delta'],
  size,
  isSampling: true,
  hub: {
    defaultConfig: {
      kind: 'adaptive_sampling',
      baseFraction: 0.1,
      epsilon: 0.25,
      delta: 0.25,
      initOffsetSize: 128,
      localOffsetSize: 128,
    },
  },
  doc: {
    summary:
      'A first uniform sample of the keys no earlier masker keeps, and a second one, large enough that the softmax denominator is within epsilon of the truth with probability 1 - delta.',
    formula:
      'second sample n = 1 / (1/N + (epsilon D / (t s N))^2) of the N keys left, t the two-sided Student quantile of delta, s and D from the first; first sample p = 1, second p = n / N; weight exp(score) / p',
    source: 'vAttention, arXiv:2510.05688',
  },
};
