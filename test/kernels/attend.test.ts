import test from 'ava';
import { loadAddon } from '../../ts/native/addon.js';
import {
  dot,
  fromBf16,
  largestDifference,
  normals,
  row,
  toBf16,
  unaligned,
} from '../helpers/arrays.js';
import { fastIsas, isas } from '../helpers/isas.js';

const { attend, toHalf, fromHalf } = loadAddon().kernels;

interface Case {
  readonly headDim: number;
  readonly queries: Float32Array;
  readonly keys: Float32Array;
  readonly values: Float32Array;
  readonly scale: number;
  readonly indices?: Uint32Array;
  readonly logWeights?: Float32Array;
}

/** The softmax as it is written, in double. */
function reference({ headDim, queries, keys, values, scale, indices, logWeights }: Case): number[] {
  const rows = [...(indices ?? Array(keys.length / headDim).keys())];
  return Array.from({ length: queries.length / headDim }, (_, g) => g).flatMap((g) => {
    const query = row(queries, g, headDim);
    const exponents = rows.map(
      (r, i) =>
        scale * dot(query, row(keys, r, headDim)) + (logWeights?.[g * rows.length + i] ?? 0),
    );
    const weights = exponents.map((z) => Math.exp(z - Math.max(...exponents)));
    const sum = weights.reduce((a, b) => a + b, 0);
    return Array.from({ length: headDim }, (_, d) =>
      rows.reduce(
        (out, r, i) => out + ((weights[i] ?? 0) / sum) * (values[r * headDim + d] ?? 0),
        0,
      ),
    );
  });
}

function make(headDim: number, nQueries: number, n: number): Case {
  return {
    headDim,
    queries: unaligned(normals(nQueries * headDim, 1)),
    keys: unaligned(normals(n * headDim, 2)),
    values: unaligned(normals(n * headDim, 3)),
    scale: headDim ** -0.5,
  };
}

// Scores are at most about 6 here, so the bound of attend.h, (headDim + 8) * 2^-24 * 6 relative to the
// largest value (below 6), is under 6e-4 at headDim 256; 1e-5 is met with room and catches mistakes.
const bound = 1e-5;
const dims = [1, 7, 8, 9, 15, 16, 17, 33, 64, 96, 128, 136, 256];

for (const isa of isas) {
  for (const headDim of dims) {
    test(`attend ${isa} is the softmax at headDim=${headDim}`, (t) => {
      for (const n of [1, 3, 4, 5, 31, 32, 33, 65]) {
        for (const nQueries of [1, 2, 3, 4, 5, 8]) {
          const args = make(headDim, nQueries, n);
          const difference = largestDifference(attend({ ...args, isa }), reference(args));
          t.true(difference <= bound, `n=${n} group=${nQueries}: ${difference}`);
        }
      }
    });
  }

  test(`attend ${isa} shares the rows among more queries than a tile holds`, (t) => {
    const args = make(16, 70, 100);
    t.true(largestDifference(attend({ ...args, isa }), reference(args)) <= bound);
  });

  test(`attend ${isa} takes n_kv=1000`, (t) => {
    const args = make(64, 3, 1000);
    t.true(largestDifference(attend({ ...args, isa }), reference(args)) <= bound);
  });

  for (const { name, dtype, pack, unpack } of [
    { name: 'binary16', dtype: {}, pack: toHalf, unpack: fromHalf },
    { name: 'bfloat16', dtype: { dtype: 'bf16' as const }, pack: toBf16, unpack: fromBf16 },
  ]) {
    test(`attend ${isa} reads ${name} as its floats`, (t) => {
      for (const headDim of [5, 16, 64, 72, 128]) {
        const args = make(headDim, 3, 77);
        const [keys, values] = [pack(args.keys), pack(args.values)];
        const floats = { ...args, keys: unpack(keys), values: unpack(values) };
        const actual = attend({ ...args, ...dtype, keys, values, isa });
        const difference = largestDifference(actual, reference(floats));
        t.true(difference <= bound, `headDim=${headDim}: ${difference}`);
      }
    });
  }

  test(`attend ${isa} weighs listed rows, and leaves out those of log weight -Infinity`, (t) => {
    const n = 45;
    const indices = Uint32Array.from({ length: n }, (_, i) => (i * 7) % 200);
    const logWeights = normals(3 * n, 4).map((x, i) => (i % 5 === 0 ? -Infinity : 3 * x));
    const args = { ...make(48, 3, 200), indices, logWeights };
    t.true(largestDifference(attend({ ...args, isa }), reference(args)) <= bound);
  });

  test(`attend ${isa} gives the same whether rows come in one call or in many`, (t) => {
    const args = { ...make(32, 4, 150), logWeights: normals(4 * 150, 5) };
    const once = attend({ ...args, isa });
    for (const step of [1, 31, 32, 33, 100]) {
      t.true(largestDifference(attend({ ...args, step, isa }), once) <= bound, `step=${step}`);
    }
  });

  test(`attend ${isa} stays finite where a plain exponential would overflow`, (t) => {
    const args = make(16, 2, 100);
    const keys = args.keys.map((x) => x * 1000);
    t.true(largestDifference(attend({ ...args, keys, isa }), reference({ ...args, keys })) <= 1e-2);
  });

  test(`attend ${isa} of equal keys is the mean of the values`, (t) => {
    const args = { ...make(16, 2, 37), keys: new Float32Array(37 * 16).fill(0.5) };
    t.true(largestDifference(attend({ ...args, isa }), reference(args)) <= bound);
  });

  test(`attend ${isa} of nothing is zero`, (t) => {
    const empty = new Float32Array(0);
    const args = { headDim: 4, queries: normals(4, 1), keys: empty, values: empty, scale: 1, isa };
    t.deepEqual([...attend(args)], [0, 0, 0, 0]);
    const hidden = { ...make(4, 1, 3), logWeights: new Float32Array(3).fill(-Infinity), isa };
    t.deepEqual([...attend(hidden)], [0, 0, 0, 0]);
  });
}

for (const isa of fastIsas) {
  test(`attend ${isa} matches the scalar version on a long list`, (t) => {
    const args = make(128, 4, 4099);
    const difference = largestDifference(
      attend({ ...args, isa }),
      attend({ ...args, isa: 'scalar' }),
    );
    t.true(difference <= bound, `${difference}`);
  });
}
