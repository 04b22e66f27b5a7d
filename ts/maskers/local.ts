import { type MaskerDefinition, sizeSchema } from './masker.js';

const size = { count: 'windowSize', fraction: 'windowFraction' };

/** Keeps the last keys up to the query's own position. */
export const local: MaskerDefinition = {
  kind: 'local',
  schema: sizeSchema('local', size),
  defaultConfig: { kind: 'local', windowSize: 128 },
  // Up to 4096: a tenth of 32k and more. At short contexts the long windows are infeasible and cost no trial.
  ranges: {
    windowSize: { type: 'integer', minimum: 1, maximum: 4096, 'x-search': { scale: 'log' } },
    windowFraction: { type: 'number', minimum: 0.002, maximum: 0.2, 'x-search': { scale: 'log' } },
  },
  searched: ['windowSize'],
  size,
  isSampling: false,
  doc: {
    summary: 'The last keys up to the query, its own included.',
    formula: '{ j : i - windowSize < j <= i }',
    source: 'Longformer, arXiv:2004.05150; StreamingLLM, arXiv:2309.17453',
  },
};
