import test, { type ExecutionContext } from 'ava';
import { loadAddon } from '../../ts/native/addon.js';
import { niahMq8 } from '../../ts/tasks/niah-mq8.js';
import { renderContext } from '../../ts/tasks/prompt.js';
import { normals, row } from '../helpers/arrays.js';
import { loadTestModel } from '../helpers/models.js';

const { attendGroup, fromHalf, quantizedScores, topK } = loadAddon().kernels;
const fractions = [0.02, 0.1];

/** One KV head, `[nKv, headDim]` keys, and queries that see all of them, `[groupSize, headDim]`. */
interface Head {
  readonly headDim: number;
  readonly groupSize: number;
  readonly keys: Float32Array;
  readonly queries: Float32Array;
}

interface Recall {
  /** Share of the exact top_k that top_k by int8 scores keeps. */
  readonly kept: number;
  /** The same for the best int8 scores, nothing ranked anew. */
  readonly unranked: number;
}

function recalls({ headDim, groupSize, keys, queries }: Head, heavyFraction: number): Recall[] {
  const args = { headDim, groupSize, queries, keys, values: keys, scale: 1, window: 0 };
  const keep = (scoreDtype: string) => {
    const config = { maskers: [{ kind: 'top_k', heavyFraction, scoreDtype }] };
    const { indptr, indices } = attendGroup({ ...args, nBase: 0, step: keys.length, config });
    return Array.from({ length: groupSize }, (_, g) => indices.subarray(indptr[g], indptr[g + 1]));
  };
  const scores = quantizedScores({ headDim, queries, keys });
  const [exact, quantised] = [keep('kv'), keep('int8')];
  return exact.map((wanted, g) => {
    const best = topK({ scores: row(scores, g, keys.length / headDim), k: wanted.length });
    return { kept: share(wanted, quantised[g]), unranked: share(wanted, best) };
  });
}

function share(wanted: Uint32Array, found: Uint32Array | undefined): number {
  const all = new Set(found);
  return wanted.filter((key) => all.has(key)).length / wanted.length;
}

function report(t: ExecutionContext, what: string, heads: readonly Head[]): void {
  for (const fraction of fractions) {
    const all = heads.flatMap((head) => recalls(head, fraction));
    const mean = (of: keyof Recall) =>
      all.reduce((sum, recall) => sum + recall[of], 0) / all.length;
    const worst = Math.min(...all.map(({ kept }) => kept));
    const figures = [mean('kept'), worst, mean('unranked')].map((x) => x.toFixed(4));
    t.log(`${what}, ${fraction}: mean, lowest of ${all.length}, mean unranked: ${figures}`);
    t.true(mean('kept') >= 0.9999);
    t.true(worst >= 0.998);
    t.true(mean('unranked') > 0.9);
  }
}

test('top_k by int8 scores finds the largest scores of Gaussian keys with enlarged channels', (t) => {
  const headDim = 128;
  const heads = [1, 2].map((seed) => ({
    ...{ headDim, groupSize: 4, queries: normals(4 * headDim, seed) },
    keys: normals(16_384 * headDim, seed + 10).map((x, i) => (i % headDim < 4 ? 4 * x : x)),
  }));
  report(t, 'Gaussian keys', heads);
});

test('top_k by int8 scores finds the largest scores of keys and queries of a real model', async (t) => {
  const model = await loadTestModel('smollm2');
  const tools = {
    tokenize: (text: string) => model.tokenize(text),
    detokenize: (tokens: Int32Array) => model.detokenize(tokens),
    chatTemplate: undefined,
  };
  const [context] = await niahMq8({ length: 1024 }).contexts('search', tools);
  if (context === undefined) return t.fail();
  const { contextTokens } = renderContext(context, 'plain', tools);
  const n = contextTokens.length - 1;
  const payload = await model.prefill(contextTokens.subarray(0, n));
  const halves = new Uint16Array(payload.buffer, payload.byteOffset, payload.byteLength / 2);
  const { layers } = model.info;
  const chosen = [0, 0.3, 0.6, 0.9].map((share) => Math.floor(share * layers.length));
  const snapshot = model.snapshot(payload, n);
  const capture = model.capture(snapshot, chosen, 1);
  const stream = model.stream(snapshot, { maskers: [] }, 1);
  const tokens = contextTokens.slice(n);
  await model.decode([{ stream, tokens, targets: Int32Array.of(0), nIds: 0, capture }]);
  let at = 0;
  const heads: Head[] = [];
  for (const [layer, { nKvHeads, nQHeads, headDim }] of layers.entries()) {
    const ofHead = n * headDim;
    for (let head = 0; head < nKvHeads && chosen.includes(layer); head++) {
      const keys = fromHalf(halves.slice(at + head * ofHead, at + (head + 1) * ofHead));
      const groupSize = nQHeads / nKvHeads;
      const queries = row(capture.queries(layer), head, groupSize * headDim);
      heads.push({ headDim, groupSize, keys, queries });
    }
    at += 2 * nKvHeads * ofHead;
  }
  report(t, `SmolLM2 after ${n} tokens`, heads);
});
