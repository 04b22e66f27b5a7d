import { rejectArgument, rejectRange } from '../errors.js';
import type { GivenHandles } from '../maskers/native-chain.js';
import { loadAddon } from '../native/addon.js';
import type { Given, HashLayer, HashOfLayer } from '../native/attention-addon.js';
import type { SparseConfig } from '../sparse-config.js';
import {
  checkFinite,
  checkFloats,
  checkInteger,
  checkNoOthers,
  checkObject,
} from './check-arguments.js';

/** Sizes of the call that values are given for. */
export interface CallShape {
  readonly nQHeads: number;
  readonly nQ: number;
  readonly nKv: number;
  readonly headDim: number;
}

const fields = [
  'attentionMask',
  'projection',
  'maxNorm',
  'sampledIndices',
  'baseIndices',
  'adaptiveIndices',
  'hashWeights',
  'sortedChannels',
];

/**
 * Checks values that are injected into a call with `hub` semantics.
 *
 * @throws {TypeError | RangeError} `ERR_ARGUMENT` or `ERR_SHAPE`, naming the field
 */
export function checkGiven(
  value: unknown,
  config: SparseConfig,
  { nQHeads, nQ, nKv, headDim }: CallShape,
): Given | undefined {
  if (value === undefined) return undefined;
  const given = checkObject('given', value);
  if (config.semantics !== 'hub') {
    rejectArgument('given', 'nothing (only hub semantics take given values)', value);
  }
  checkNoOthers('given', given, fields);
  const cells = nQ * nKv;
  checkGivenFloats('attentionMask', given, [cells, cells * nQHeads]);
  const pig = config.maskers.find(({ kind }) => kind === 'magic_pig');
  const planes = Number(pig?.['lshL'] ?? 0) * Number(pig?.['lshK'] ?? 0);
  checkGivenFloats('projection', given, [(headDim + 1) * planes]);
  const maxNorm = given['maxNorm'];
  if (maxNorm !== undefined && checkFinite('given.maxNorm', maxNorm) <= 0) {
    rejectRange('given.maxNorm', 'a number above 0', maxNorm);
  }
  for (const name of ['sampledIndices', 'baseIndices', 'adaptiveIndices']) {
    checkGivenIndices(name, given, nKv);
  }
  const channels = checkGivenIndices('sortedChannels', given, headDim);
  if (channels !== undefined && channels.length !== nQHeads * headDim) {
    const expected = `${nQHeads * headDim} elements (nQHeads * headDim)`;
    rejectRange('given.sortedChannels', expected, channels.length, 'ERR_SHAPE');
  }
  checkHashWeights(given['hashWeights'], nQHeads, headDim);
  return value as Given;
}

/** Native copies of the learned values among `given`; undefined where there are none. */
export function givenHandles(
  { maskers }: SparseConfig,
  given: Given | undefined,
  { layer, nQHeads }: { layer: number; nQHeads: number },
): GivenHandles | undefined {
  const { hashWeights, sortedChannels: order } = given ?? {};
  if (hashWeights === undefined && order === undefined) return undefined;
  const { hatMlpActivation = 'silu' }: Readonly<Record<string, unknown>> =
    maskers.find(({ kind }) => kind === 'hash_top_k') ?? {};
  const addon = loadAddon();
  return {
    weights:
      hashWeights &&
      addon.hashWeights({
        activation: String(hatMlpActivation),
        layers: [{ layer, ...hashWeights }],
      }),
    channels: order && addon.channelLists({ layers: [{ layer, nHeads: nQHeads, order }] }),
  };
}

function checkGivenFloats(
  field: string,
  given: Record<string, unknown>,
  lengths: readonly number[],
): void {
  if (given[field] === undefined) return;
  const name = `given.${field}`;
  const floats = checkFloats(name, given[field]);
  if (!lengths.includes(floats.length)) {
    rejectRange(name, `${lengths.join(' or ')} elements`, floats.length, 'ERR_SHAPE');
  }
  const nan = floats.findIndex(Number.isNaN);
  if (nan !== -1) rejectRange(name, 'no NaN', `NaN at index ${nan}`);
}

function checkGivenIndices(
  field: string,
  given: Record<string, unknown>,
  end: number,
): Uint32Array | undefined {
  const value = given[field];
  if (value === undefined) return undefined;
  const name = `given.${field}`;
  if (!(value instanceof Uint32Array)) return rejectArgument(name, 'a Uint32Array', value);
  if (loadAddon().isDetached(value.buffer)) {
    rejectArgument(name, 'a Uint32Array with an attached buffer', value);
  }
  const other = value.find((index) => index >= end);
  if (other !== undefined) rejectRange(name, `integers below ${end}`, other);
  return value;
}

function checkHashWeights(value: unknown, nQHeads: number, headDim: number): void {
  if (value === undefined) return;
  const weights = checkObject('given.hashWeights', value) as unknown as HashOfLayer;
  checkInteger('given.hashWeights.nHeads', weights.nHeads, { min: nQHeads, max: nQHeads });
  for (const side of ['query', 'key'] as const) {
    const name = `given.hashWeights.${side}`;
    const layers: unknown = weights[side];
    if (!Array.isArray(layers) || layers.length === 0) {
      rejectArgument(name, 'a list of layers', layers);
    }
    (layers as readonly HashLayer[]).reduce(
      (nIn, layer, i) => checkHashLayer(`${name}[${i}]`, layer, nQHeads, nIn),
      headDim,
    );
  }
  if (weights.query.at(-1)?.nOut !== weights.key.at(-1)?.nOut) {
    rejectRange(
      'given.hashWeights',
      'as many bits of keys as of queries',
      weights.key.at(-1)?.nOut,
    );
  }
}

/** Returns how many outputs the layer has. */
function checkHashLayer(name: string, layer: HashLayer, nHeads: number, nIn: number): number {
  checkInteger(`${name}.nIn`, layer.nIn, { min: nIn, max: nIn });
  const nOut = checkInteger(`${name}.nOut`, layer.nOut, { min: 1, max: 65_536 });
  for (const [field, length] of [
    ['matrix', nHeads * nIn * nOut],
    ['bias', nHeads * nOut],
  ] as const) {
    const floats = checkFloats(`${name}.${field}`, layer[field]);
    if (floats.length !== length) {
      rejectRange(`${name}.${field}`, `${length} elements`, floats.length, 'ERR_SHAPE');
    }
  }
  return nOut;
}
