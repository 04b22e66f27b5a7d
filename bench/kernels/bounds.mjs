// What reading the bytes of a step takes at the machine's limits.

import { bytesOfElement } from '../../build/ts/ts/micro/caches.js';
import { bestOf } from '../../build/ts/ts/micro/rounds.js';

/**
 * A rival that reads as many bytes: some of them as a stream, the others as scattered rows of K or V.
 *
 * @param bytes - { streamed, gathered }
 */
export function boundRival(session, name, shape, { streamed, gathered }) {
  const rowBytes = shape.headDim * bytesOfElement(shape.dtype);
  const nRows = Math.round(gathered / rowBytes);
  const range = 2 * shape.nKvHeads * shape.nKv;
  return bestOf(name, () => {
    const stream = streamed > 0 ? session.limits.streamMs(streamed) : 0;
    return stream + (nRows > 0 ? session.limits.gatherMs(rowBytes, nRows, range) : 0);
  });
}
