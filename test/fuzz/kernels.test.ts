import test, { type ExecutionContext } from 'ava';
import { loadAddon } from '../../ts/native/addon.js';
import { fromBf16, orderPairs, row, toBf16, unaligned, uniformSource } from '../helpers/arrays.js';
import { hashed } from '../helpers/hashed.js';
import { fastIsas, isas } from '../helpers/isas.js';

// Every instruction set against scalar, kernel by kernel: integers exactly, floats under the bound of the header. A
// failure names the kernel, the seed of the case and its shape; `runCase(seed)` is then a test of its own.

const kernels = loadAddon().kernels;
const nCases = 250;
const edges = [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 127, 128, 129];

/** Draws of one case. */
class Draw {
  readonly #uniform: () => number;

  constructor(seed: number) {
    this.#uniform = uniformSource(seed);
  }

  integer(low: number, high: number): number {
    return low + Math.floor(this.#uniform() * (high - low + 1));
  }

  /** A size at the edges of vectors and blocks, or any. */
  size(high: number): number {
    const edge = edges[this.integer(0, edges.length - 1)] ?? 1;
    return this.#uniform() < 0.6 ? Math.min(edge, high) : this.integer(1, high);
  }

  flag(): boolean {
    return this.#uniform() < 0.5;
  }

  /** Numbers of one kind: spread, of very different sizes, few values, mostly zero, tiny. */
  floats(length: number, largest = 1e12): Float32Array {
    const kind = this.integer(0, 4);
    const signed = () => 2 * this.#uniform() - 1;
    const one = [
      signed,
      () => Math.sign(signed()) * largest ** (1.2 * this.#uniform() - 0.2),
      () => Math.round(2 * signed()),
      () => (this.#uniform() < 0.9 ? 0 : signed()),
      () => signed() * 1e-30,
    ][kind];
    const floats = Float32Array.from({ length }, one ?? signed);
    return this.flag() ? unaligned(floats) : floats;
  }

  /** Row numbers: any order, repeats allowed. */
  indices(nRows: number): Uint32Array | undefined {
    if (this.flag()) return undefined;
    return Uint32Array.from({ length: this.size(nRows) }, () => this.integer(0, nRows - 1));
  }

  /** Rows as the kernel takes them, and the numbers they stand for. */
  rows(length: number, largest = 1e12): Rows {
    const dtype = (['f32', 'f16', 'bf16'] as const)[this.integer(0, 2)] ?? 'f32';
    return this.rowsOf(length, dtype, largest);
  }

  rowsOf(length: number, dtype: Dtype, largest = 1e12): Rows {
    const floats = this.floats(length, dtype === 'f16' ? Math.min(largest, 6e4) : largest);
    if (dtype === 'f32') return { dtype, stored: floats, floats };
    const halves = dtype === 'f16' ? kernels.toHalf(floats) : toBf16(floats);
    const stored = new Uint16Array(length + 1).subarray(this.integer(0, 1)).subarray(0, length);
    stored.set(halves);
    return { dtype, stored, floats: dtype === 'f16' ? kernels.fromHalf(halves) : fromBf16(halves) };
  }
}

type Dtype = 'f32' | 'f16' | 'bf16';

interface Rows {
  readonly dtype: Dtype;
  readonly stored: Float32Array | Uint16Array;
  readonly floats: Float32Array;
}

/** What of the arguments says that 16 bits are bfloat16. */
function dtypeOf({ dtype }: Rows): { dtype?: 'bf16' } {
  return dtype === 'bf16' ? { dtype } : {};
}

/** A dot product in double, and the sum of the magnitudes of its terms. */
function exactDot(a: Float32Array, b: Float32Array): { dot: number; magnitude: number } {
  let dot = 0;
  let magnitude = 0;
  for (const [i, x] of a.entries()) {
    const term = x * (b[i] ?? Number.NaN);
    dot += term;
    magnitude += Math.abs(term);
  }
  return { dot, magnitude };
}

/** Fails with the place where `actual` is further from `expected` than `bound` allows. */
function checkBound(
  t: ExecutionContext,
  what: string,
  actual: Float32Array,
  expected: readonly { value: number; bound: number }[],
): void {
  t.is(actual.length, expected.length, what);
  const wrong = expected.findIndex(
    ({ value, bound }, i) => !(Math.abs((actual[i] ?? Number.NaN) - value) <= bound),
  );
  if (wrong === -1) return;
  const { value, bound } = expected[wrong] ?? {};
  t.fail(`${what}: element ${wrong} is ${actual[wrong]}, not ${value} within ${bound}`);
}

/** The smallest float above 0, for sums that underflow. */
const tiny = 2 ** -149;

function fuzz(kernel: string, runCase: (t: ExecutionContext, draw: Draw, what: string) => void) {
  test(`${kernel} agrees on every instruction set in ${nCases} random cases`, (t) => {
    t.pass();
    for (let seed = 1; seed <= nCases; seed++) {
      runCase(t, new Draw(seed), `${kernel}, seed ${seed}`);
    }
  });
}

fuzz('scores', (t, draw, name) => {
  const headDim = draw.size(200);
  const nQueries = draw.integer(1, 9);
  const nRows = draw.size(150);
  const queries = draw.floats(nQueries * headDim);
  const keys = draw.rows(nRows * headDim);
  const indices = draw.indices(nRows);
  const listed = indices ?? Uint32Array.from({ length: nRows }, (_, i) => i);
  const expected = Array.from({ length: nQueries * listed.length }, (_, at) => {
    const key = row(keys.floats, listed[at % listed.length] ?? 0, headDim);
    const query = row(queries, Math.floor(at / listed.length), headDim);
    const { dot, magnitude } = exactDot(query, key);
    return { value: dot, bound: headDim * (2 ** -24 * magnitude + tiny) };
  });
  const args = { headDim, queries, keys: keys.stored, ...dtypeOf(keys), indices };
  for (const isa of isas) {
    const what = `${name}, ${isa}, ${keys.dtype} [${nQueries}, ${listed.length}, ${headDim}]`;
    checkBound(t, what, kernels.scores({ ...args, isa }), expected);
  }
});

fuzz('attend', (t, draw, name) => {
  const headDim = draw.size(200);
  const nQueries = draw.integer(1, 9);
  const nRows = draw.size(150);
  const queries = draw.floats(nQueries * headDim, 100);
  const keys = draw.rows(nRows * headDim, 100);
  const values = draw.rowsOf(nRows * headDim, keys.dtype, 1e4);
  const indices = draw.indices(nRows);
  const n = indices?.length ?? nRows;
  const logWeights = draw.flag()
    ? Float32Array.from({ length: nQueries * n }, () =>
        draw.integer(0, 5) === 0 ? Number.NEGATIVE_INFINITY : draw.integer(0, 8) / 2,
      )
    : undefined;
  const scale = draw.flag() ? headDim ** -0.5 : 0.01;
  const magnitude = (a: Float32Array) =>
    a.reduce((largest, x) => Math.max(largest, Math.abs(x)), 0);
  const largestScore = scale * magnitude(queries) * magnitude(keys.floats) * headDim;
  const bound =
    4 * (headDim + 8 + n) * 2 ** -24 * Math.max(1, largestScore) * magnitude(values.floats) + tiny;
  const args = {
    ...{ headDim, queries, keys: keys.stored, values: values.stored, ...dtypeOf(keys), scale },
    ...{ indices, logWeights, step: draw.integer(1, n) },
  };
  const expected = Array.from(kernels.attend({ ...args, isa: 'scalar' }), (value) => ({
    value,
    bound,
  }));
  for (const isa of fastIsas) {
    const what = `${name}, ${isa}, ${keys.dtype} [${nQueries}, ${n}, ${headDim}], step ${args.step}`;
    checkBound(t, what, kernels.attend({ ...args, isa }), expected);
  }
});

fuzz('topK', (t, draw, name) => {
  const n = draw.size(2000);
  const scores = draw.floats(n, 1e38);
  for (let i = draw.integer(0, 3); i > 0; i--) {
    const special = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0][draw.integer(0, 3)];
    scores[draw.integer(0, n - 1)] = special ?? 0;
  }
  const k = draw.flag() ? draw.size(n + 1) : draw.integer(0, n + 1);
  const ordered = Array.from(scores.keys()).sort(
    (a, b) => compare(scores[b] ?? 0, scores[a] ?? 0) || a - b,
  );
  const expected = Uint32Array.from(ordered.slice(0, k)).sort();
  for (const isa of isas) {
    t.deepEqual(kernels.topK({ scores, k, isa }), expected, `${name}, ${isa}, k ${k} of ${n}`);
  }
});

/** Also of infinities, whose difference is NaN. */
function compare(a: number, b: number): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

fuzz('lshCodes', (t, draw, name) => {
  const headDim = draw.size(140);
  const lshK = draw.integer(1, 16);
  const lshL = draw.integer(1, 24);
  const n = draw.size(70);
  const vectors = draw.floats(n * headDim, 1e6);
  const planes = draw.floats(lshL * lshK * headDim, 10);
  const args = { headDim, vectors, planes, lshL, lshK };
  const expected = hashed({ ...args, isa: 'scalar' });
  for (const isa of fastIsas) {
    const what = `${name}, ${isa}, n ${n}, headDim ${headDim}, lshL ${lshL}, lshK ${lshK}`;
    const codes = hashed({ ...args, isa });
    t.is(codes.length, n * lshL, what);
    for (const [at, code] of codes.entries()) {
      const differing = code ^ (expected[at] ?? 0);
      for (let bit = 0; differing >> bit !== 0; bit++) {
        if (((differing >> bit) & 1) === 0) continue;
        const plane = row(planes, (at % lshL) * lshK + bit, headDim);
        const vector = row(vectors, Math.floor(at / lshL), headDim);
        const bound = headDim * 2 ** -23 * Math.hypot(...vector) * Math.hypot(...plane);
        if (Math.abs(exactDot(vector, plane).dot) > bound + headDim * tiny) {
          t.fail(`${what}: bit ${bit} of code ${at}`);
        }
      }
    }
  }
});

fuzz('lshMatch', (t, draw, name) => {
  const lshK = draw.integer(1, 16);
  const lshL = draw.integer(1, 90);
  const n = draw.size(300);
  const nQueries = draw.integer(1, 9);
  const minMatches = Math.min(draw.integer(1, 2), lshL);
  const values = Math.min(2 ** lshK, 2 ** draw.integer(1, 8));
  const codes = (length: number) => Uint16Array.from({ length }, () => draw.integer(0, values - 1));
  const [keyCodes, queryCodes] = [codes(n * lshL), codes(nQueries * lshL)];
  const expected = Uint32Array.from({ length: nQueries * n }, (_, at) => {
    let matches = 0;
    for (let table = 0; table < lshL; table++) {
      const key = keyCodes[(at % n) * lshL + table];
      if (key === queryCodes[Math.floor(at / n) * lshL + table]) matches++;
    }
    return matches >= minMatches ? 1 : 0;
  });
  for (const isa of isas) {
    const what = `${name}, ${isa}, n ${n}, ${nQueries} queries, lshL ${lshL}, lshK ${lshK}, minMatches ${minMatches}`;
    const found = kernels.lshMatch({ keyCodes, queryCodes, lshL, lshK, minMatches, isa });
    t.deepEqual(found, expected, what);
  }
});

fuzz('pageScores', (t, draw, name) => {
  const headDim = draw.size(200);
  const nQueries = draw.integer(1, 9);
  const n = draw.size(80);
  const queries = draw.floats(nQueries * headDim);
  const bounds = draw.rowsOf(n * 2 * headDim, draw.flag() ? 'f32' : 'f16');
  orderPairs(bounds.floats, headDim, bounds.stored);
  const expected = Array.from({ length: nQueries * n }, (_, at) => {
    const query = row(queries, Math.floor(at / n), headDim);
    const page = row(bounds.floats, at % n, 2 * headDim);
    let value = 0;
    let magnitude = 0;
    for (const [i, x] of query.entries()) {
      const term = Math.max(x * (page[i] ?? 0), x * (page[headDim + i] ?? 0));
      value += term;
      magnitude += Math.abs(term);
    }
    return { value, bound: headDim * (2 ** -24 * magnitude + tiny) };
  });
  for (const isa of isas) {
    const what = `${name}, ${isa}, ${bounds.dtype} [${nQueries}, ${n}, ${headDim}]`;
    const scores = kernels.pageScores({ headDim, queries, bounds: bounds.stored, isa });
    checkBound(t, what, scores, expected);
  }
});

fuzz('signatureScores', (t, draw, name) => {
  const nWords = draw.integer(1, 12);
  const n = draw.size(300);
  const words = (length: number) =>
    Uint32Array.from({ length }, () => draw.integer(0, 2 ** 32 - 1));
  const [query, keys] = [words(2 * nWords), words(2 * nWords * n)];
  const expected = kernels.signatureScores({ nWords, query, keys, isa: 'scalar' });
  const bits = (word: number) => word.toString(2).replaceAll('0', '').length;
  const first = query.reduce((sum, word, i) => sum + bits((word ^ (keys[i] ?? 0)) >>> 0), 0);
  t.is(expected[0], -first + 0, name);
  for (const isa of fastIsas) {
    const scores = kernels.signatureScores({ nWords, query, keys, isa });
    t.deepEqual(scores, expected, `${name}, ${isa}, n ${n}, ${nWords} words`);
  }
});

fuzz('sampleWithoutReplacement', (t, draw, name) => {
  const population = draw.size(5000);
  const n = draw.integer(0, population);
  const key = { seed: draw.integer(0, 2 ** 31), domain: 2, layer: draw.integer(0, 65_535) };
  const position = draw.integer(0, 2 ** 31);
  const args = { ...key, qHead: 3, position, population, n };
  const numbers = kernels.sampleWithoutReplacement({ ...args, isa: 'scalar' });
  for (const isa of fastIsas) {
    t.deepEqual(kernels.sampleWithoutReplacement({ ...args, isa }), numbers, `${name}, ${isa}`);
  }
  t.is(new Set(numbers).size, n, `${name}, ${n} of ${population}`);
  t.true(
    numbers.every((number, i) => number < population && number > (numbers[i - 1] ?? -1)),
    name,
  );
});
