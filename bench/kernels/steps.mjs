// Steps of our own attention on one thread, each checked before it is timed.
import { SparseAttention } from '../../build/ts/ts/attention/sparse-attention.js';
import { configContender } from '../../build/ts/ts/micro/contenders.js';

/** More keys than this take the scalar version too long. */
const mostChecked = 32768;
/** Of heads that keep the same keys. */
const tolerance = 1e-3;
/** A key or a page at the cut, or a sign too close to call, may fall on the other side, but not in more of the heads. */
const mostOthers = 1 / 4;

/** Attention as the bench runs it: the chosen instruction set, one thread unless `options` say otherwise. */
export function newAttention({ isa }, config, options) {
  return new SparseAttention(config, { threads: 1, ...(isa && { isa }), ...options });
}

/** A config as a contender; throws where its result is not that of the scalar version, the specification. */
export function step(name, config, bench) {
  const contender = configContender(name, config, bench); // and builds the indexes, as fast as it can
  const { shape, caches, queries } = bench;
  if (shape.nKv > mostChecked) return contender;
  const { nQHeads, headDim } = shape;
  const [actual, expected] = [{ isa: bench.isa }, { isa: 'scalar' }].map((chosen) => {
    const attention = newAttention(chosen, config, { nQHeads });
    return attention.forward(queries[0], caches[0], { returnMask: true });
  });
  let nOthers = 0;
  for (let head = 0; head < nQHeads; head++) {
    const [keys, wanted] = [actual, expected].map(({ mask }) => keysOf(mask, head));
    if (keys.length !== wanted.length || keys.some((key, i) => key !== wanted[i])) {
      nOthers++;
      continue;
    }
    const [row, right] = [actual, expected].map(({ output }) =>
      output.subarray(head * headDim, (head + 1) * headDim),
    );
    const relative = Math.hypot(...row.map((value, i) => value - right[i])) / Math.hypot(...right);
    if (!(relative <= tolerance)) {
      throw new Error(`${name}: head ${head} is off by ${relative.toExponential(1)} from scalar`);
    }
  }
  if (nOthers > mostOthers * nQHeads) {
    throw new Error(`${name}: ${nOthers} of ${nQHeads} heads keep other keys than scalar`);
  }
  return contender;
}

function keysOf({ indptr, indices }, head) {
  return indices.subarray(indptr[head], indptr[head + 1]);
}

/** What the others are held against. */
export function denseStep(bench) {
  return step('dense', { maskers: [] }, bench);
}
