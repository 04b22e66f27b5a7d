import test from 'ava';
import type { MaskerConfig } from '../../ts/maskers/masker.js';
import { loadAddon } from '../../ts/native/addon.js';
import { largestDifference, normals, row, uniformSource } from '../helpers/arrays.js';
import { isas } from '../helpers/isas.js';
import { channelMasker, hashMasker } from '../helpers/learned.js';
import { referenceMask, referenceOutput } from '../helpers/reference-chain.js';

const { attendGroup } = loadAddon().kernels;
const nChains = 400;
const headDim = 24;
const groupSize = 2;

const uniform = uniformSource(2026);
const integer = (low: number, high: number) => low + Math.floor(uniform() * (high - low + 1));

function size(stem: string, largest: number): Record<string, number> {
  return uniform() < 0.5
    ? { [`${stem}Size`]: integer(1, largest) }
    : { [`${stem}Fraction`]: 0.01 + uniform() * 0.3 };
}

const hash = [1, groupSize].map((nHeads) => hashMasker(nHeads));
const channels = [1, groupSize].map((nHeads) => channelMasker(nHeads));

/** The masker with its size drawn anew. */
function withSize(masker: MaskerConfig | undefined): MaskerConfig {
  const { heavySize: _, kind, ...rest } = masker ?? { kind: '' };
  return { kind, ...rest, ...size('heavy', 20) };
}

const plain: readonly (() => MaskerConfig)[] = [
  () => ({ kind: 'sink', ...size('sink', 20) }),
  () => ({ kind: 'local', ...size('window', 30) }),
  () => ({ kind: 'top_k', ...size('heavy', 20) }),
  () => ({ kind: 'top_k', ...size('heavy', 60), scoreDtype: 'int8' }),
  () => ({ kind: 'top_p', topP: uniform() * 0.9 }),
  () => ({ kind: 'quest', ...size('heavy', 40), pageSize: integer(1, 20) }),
  () => withSize(channels[integer(0, 1)]),
  () => withSize(hash[integer(0, 1)]),
];
const samplers: readonly (() => MaskerConfig)[] = [
  () => ({ kind: 'random_sampling', samplingRate: 0.02 + uniform() * 0.6 }),
  () => ({
    kind: 'adaptive_sampling',
    ...size('base', 40),
    epsilon: 0.05 + uniform() * 0.5,
    delta: 0.05 + uniform() * 0.5,
  }),
  () => ({ kind: 'magic_pig', lshL: integer(2, 40), lshK: integer(2, 6) }),
];

function pick(from: readonly (() => MaskerConfig)[]): MaskerConfig {
  return from[integer(0, from.length - 1)]?.() ?? { kind: '' };
}

/** Up to four maskers in any order, at most one of them a sampler. */
function chain(): MaskerConfig[] {
  const maskers = Array.from({ length: integer(1, 3) }, () => pick(plain));
  if (uniform() < 0.7) maskers.splice(integer(0, maskers.length), 0, pick(samplers));
  return maskers;
}

test(`${nChains} random chains keep and weigh what the rules say`, (t) => {
  for (let run = 0; run < nChains; run++) {
    const maskers = chain();
    const nKv = integer(5, 200);
    const nQ = integer(1, Math.min(3, nKv));
    const isa = isas[run % isas.length] ?? 'scalar';
    const nBase = integer(0, nKv);
    const queries = normals(groupSize * nQ * headDim, run);
    const keys = normals(nKv * headDim, run + 1000);
    const values = normals(nKv * headDim, run + 2000);
    const shape = {
      headDim,
      groupSize,
      queries,
      keys,
      values,
      scale: 0.3,
      nBase,
      step: integer(1, 9),
    };
    const what = `run ${run} (${isa}, nKv ${nKv}, nQ ${nQ}): ${maskers.map(({ kind }) => kind)}`;
    const share = [{}, { share: 'group' }, { share: 'head' }][run % 3];
    const config = { maskers, seed: run, ...share };
    const result = attendGroup({ ...shape, window: 0, isa, config });
    for (let r = 0; r < groupSize * nQ; r++) {
      const nVisible = nKv - nQ + (r % nQ) + 1;
      const nMean = nBase > 0 ? nBase : Math.min(nKv, shape.step);
      const input = {
        ...{ query: row(queries, r, headDim), keys, headDim, nVisible, nMean, scale: 0.3 },
        ...{ seed: run, layer: 0, head: Math.floor(r / nQ) },
      };
      const kept = referenceMask(maskers, input);
      const [begin, end] = result.indptr.subarray(r, r + 2);
      t.deepEqual([...result.indices.subarray(begin, end)], [...kept.keys()], `${what}, row ${r}`);
      const output = referenceOutput(kept, input, values, 0.3);
      t.true(largestDifference(row(result.output, r, headDim), output) <= 5e-5, what);
    }
  }
});
