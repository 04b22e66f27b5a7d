import { type MaskerDefinition, sizeSchema } from './masker.js';

const size = { count: 'sinkSize', fraction: 'sinkFraction' };

/** Keeps the first keys, which most queries lean on. */
export const sink: MaskerDefinition = {
  kind: 'sink',
  schema: sizeSchema('sink', size),
  defaultConfig: { kind: 'sink', sinkSize: 128 },
  ranges: {
    sinkSize: { type: 'integer', minimum: 1, maximum: 128, 'x-search': { scale: 'log' } },
    sinkFraction: { type: 'number', minimum: 0.0005, maximum: 0.1, 'x-search': { scale: 'log' } },
  },
  searched: ['sinkSize'],
  size,
  isSampling: false,
  doc: {
    summary: 'The first keys of the context.',
    formula: '{ j : j < sinkSize }',
    source: 'StreamingLLM, arXiv:2309.17453',
  },
};
