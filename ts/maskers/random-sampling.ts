import type { MaskerDefinition } from './masker.js';

/** Samples keys uniformly and weighs each by its probability of being sampled. */
export const randomSampling: MaskerDefinition = {
  kind: 'random_sampling',
  schema: {
    type: 'object',
    properties: {
      kind: { const: 'random_sampling' },
      samplingRate: { type: 'number', exclusiveMinimum: 0, maximum: 1 },
    },
    required: ['kind', 'samplingRate'],
    additionalProperties: false,
  },
  defaultConfig: { kind: 'random_sampling', samplingRate: 0.1 },
  ranges: {
    samplingRate: { type: 'number', minimum: 0.005, maximum: 0.3, 'x-search': { scale: 'log' } },
  },
  searched: ['samplingRate'],
  isSampling: true,
  doc: {
    summary:
      'A uniform sample without replacement of the keys no earlier masker keeps: samplingRate of them, at least one.',
    formula: 'n = floor(samplingRate * R) of the R keys left; p = n / R; weight exp(score) / p',
    source: 'the baseline of vAttention, arXiv:2510.05688',
  },
};
