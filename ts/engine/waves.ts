const maxTailBytes = 256e6;
const minWave = 16;
const maxWave = 192;

/**
 * Cuts items into lists that run together: as many as the memory of their tails allows.
 *
 * @param tailBytes - of the keys and values that an item adds to its context
 */
export function cutIntoWaves<T>(items: readonly T[], tailBytes: (item: T) => number): T[][] {
  const waves: T[][] = [];
  let wave: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const tail = tailBytes(item);
    const isFull =
      wave.length >= maxWave || (wave.length >= minWave && bytes + tail > maxTailBytes);
    if (isFull) {
      waves.push(wave);
      wave = [];
      bytes = 0;
    }
    wave.push(item);
    bytes += tail;
  }
  if (wave.length > 0) waves.push(wave);
  return waves;
}
