// What reading the bytes of a step takes at the machine's limits.

import { bytesOfElement, denseBytes } from '../../build/ts/ts/micro/caches.js';
import { selfTimed } from '../../build/ts/ts/micro/rounds.js';

/** Kinds that read every key to choose. */
const scorers = new Set(['top_k', 'top_p']);
/** Kinds whose kept keys lie scattered. */
const scattered = new Set(['top_k', 'top_p', 'random_sampling', 'adaptive_sampling', 'magic_pig']);

/**
 * A rival that reads as many bytes: some of them as a stream, the others as scattered rows of K or V.
 *
 * @param bytes - { streamed, gathered }
 */
export function boundRival(session, name, shape, { streamed, gathered }) {
  const rowBytes = shape.headDim * bytesOfElement(shape.dtype);
  const nRows = Math.round(gathered / rowBytes);
  const range = 2 * shape.nKvHeads * shape.nKv;
  return selfTimed(name, () => {
    const stream = streamed > 0 ? session.limits.streamMs(streamed) : 0;
    return stream + (nRows > 0 ? session.limits.gatherMs(rowBytes, nRows, range) : 0);
  });
}

/**
 * Bytes of a step of a config that stream - runs of keys, and all keys where they are scored - and bytes that are gathered:
 * what `boundRival` takes.
 */
export function splitBytes({ maskers }, { bytes, shape }) {
  const runs = maskers
    .filter(({ kind }) => kind === 'sink' || kind === 'local')
    .reduce((sum, masker) => sum + runKeys(masker, shape.nKv), 0);
  const perKey = denseBytes(shape) / shape.nKv;
  const isScoring = maskers.some(({ kind }) => scorers.has(kind));
  const isScattered = maskers.some(({ kind }) => scattered.has(kind));
  const scored = isScoring ? denseBytes(shape) / 2 + (runs * perKey) / 2 : runs * perKey;
  const streamed = isScattered ? Math.min(scored, bytes) : bytes;
  return { streamed, gathered: bytes - streamed };
}

function runKeys(masker, nKv) {
  const size = masker['sinkSize'] ?? masker['windowSize'];
  const fraction = masker['sinkFraction'] ?? masker['windowFraction'];
  return size ?? Math.floor(fraction * nKv);
}
