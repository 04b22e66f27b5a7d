/** A small seeded generator for test data (mulberry32); the same numbers on every machine. */
export function uniformSource(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `length` roughly normal numbers. */
export function normals(length: number, seed: number): Float32Array {
  const uniform = uniformSource(seed);
  return Float32Array.from({ length }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    return radius * Math.cos(2 * Math.PI * uniform());
  });
}

/** The nearest bfloat16 of each number, ties to even. */
export function toBf16(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.slice().buffer);
  return Uint16Array.from(words, (word) => {
    const rest = word & 0xffff;
    const high = word >>> 16;
    return rest > 0x8000 || (rest === 0x8000 && high % 2 === 1) ? high + 1 : high;
  });
}

export function fromBf16(halves: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(halves, (half) => half << 16).buffer);
}

/** A copy that begins 4 bytes off the alignment of its buffer. */
export function unaligned(values: Float32Array): Float32Array {
  const shifted = new Float32Array(values.length + 1).subarray(1);
  shifted.set(values);
  return shifted;
}

/** Row `i` of a matrix with rows of `length`. */
export function row(matrix: Float32Array, i: number, length: number): Float32Array {
  return matrix.subarray(i * length, (i + 1) * length);
}

export function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, x, i) => sum + x * (b[i] ?? Number.NaN), 0);
}

/** The largest |a - b|; NaN where lengths differ or an element is NaN. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.NaN;
  return Array.from(a).reduce((largest, x, i) => {
    const difference = Math.abs(x - (b[i] ?? Number.NaN));
    return Math.max(difference, largest);
  }, 0);
}

/** Swaps elements of [n, 2, headDim] where the second of a pair of rows has the smaller one; in `stored` the same. */
export function orderPairs(
  floats: Float32Array,
  headDim: number,
  stored: Float32Array | Uint16Array = floats,
): void {
  for (let i = 0; i < floats.length / 2; i++) {
    const low = i + Math.floor(i / headDim) * headDim;
    const high = low + headDim;
    if ((floats[low] ?? 0) <= (floats[high] ?? 0)) continue;
    for (const array of new Set([floats, stored])) {
      [array[low], array[high]] = [array[high] ?? 0, array[low] ?? 0];
    }
  }
}
