// Steps of our own attention on one thread, each checked before it is timed.
import { SparseAttention } from '../../build/ts/ts/attention/sparse-attention.js';
import { configContender } from '../../build/ts/ts/micro/contenders.js';

/** More keys than this take the scalar version too long. */
const mostChecked = 32768;
/** A key or a page at the cut, or a sign too close to call, may fall on the other side; what is wrong is off by more. */
const tolerance = 0.1;

/** Attention as the bench runs it: the chosen instruction set, one thread unless `options` say otherwise. */
export function newAttention({ isa }, config, options) {
  return new SparseAttention(config, { threads: 1, ...(isa && { isa }), ...options });
}

/** A config as a contender; throws where its result is not that of the scalar version, the specification. */
export function step(name, config, bench) {
  const contender = configContender(name, config, bench); // and builds the indexes, as fast as it can
  const { shape, caches, queries } = bench;
  if (shape.nKv > mostChecked) return contender;
  const { nQHeads } = shape;
  const [actual, expected] = [{ isa: bench.isa }, { isa: 'scalar' }].map(
    (chosen) => newAttention(chosen, config, { nQHeads }).forward(queries[0], caches[0]).output,
  );
  const error = Math.hypot(...actual.map((value, i) => value - expected[i]));
  const relative = error / Math.hypot(...expected);
  if (!(relative <= tolerance)) {
    throw new Error(`${name}: off by ${relative.toExponential(1)} from the scalar version`);
  }
  return contender;
}

/** What the others are held against. */
export function denseStep(bench) {
  return step('dense', { maskers: [] }, bench);
}
