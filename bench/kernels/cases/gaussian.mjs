// Caches of Gaussian or recorded keys for cases without peers.
import { gaussianRows, makeCaches } from '../../../build/ts/ts/micro/caches.js';
import { gaussianQueries } from '../../../build/ts/ts/micro/contenders.js';
import { Gaussian } from '../../../build/ts/ts/micro/gaussian.js';

export function gaussianBench(session, shape) {
  const gaussian = new Gaussian(23);
  const source = gaussianRows(shape, gaussian);
  const copies = session.copies(shape);
  return {
    shape,
    caches: makeCaches(shape, { copies, keys: source, values: source }),
    queries: gaussianQueries(shape, gaussian),
    isa: session.isa,
    limits: session.limits,
  };
}

/** Recorded keys with Gaussian values; the only queries are those recorded after the last key. */
export function recordedBench(session, shape, recorded) {
  const { nKvHeads, headDim } = shape;
  const values = gaussianRows(shape, new Gaussian(29));
  let first = 0;
  const keys = (rows) => {
    const chunk = new Float32Array(nKvHeads * rows * headDim);
    for (const [head, all] of recorded.keys.entries()) {
      const part = all.subarray(first * headDim, (first + rows) * headDim);
      chunk.set(part, head * rows * headDim);
    }
    first += rows;
    return chunk;
  };
  const copies = session.copies(shape);
  return {
    shape,
    caches: makeCaches(shape, { copies, keys, values }),
    queries: [recorded.queries],
    isa: session.isa,
    limits: session.limits,
  };
}
