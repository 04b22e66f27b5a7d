// Choosing the k largest of scores that are given: ours, torch.topk, numpy's argpartition, the heap of FAISS.

import { Gaussian } from '../../../build/ts/ts/micro/gaussian.js';
import { median, repeated } from '../../../build/ts/ts/micro/rounds.js';
import { loadAddon } from '../../../build/ts/ts/native/addon.js';
import { recordedHeads } from '../recorded.mjs';
import { digits, keys, ratios, spread, standard } from '../session.mjs';

export async function run(session) {
  const rows = [];
  const { nQHeads } = standard;
  for (const n of [16384, 131072].map((size) => session.size(size))) {
    const scores = new Gaussian(31).fill(new Float32Array(nQHeads * n));
    rows.push(...(await measure(session, { scores, n, source: 'Gaussian' })));
  }
  const n = session.size(16384);
  rows.push(
    ...(await measure(session, { scores: await recordedScores(n), n, source: 'recorded' })),
  );
  session.section(
    'Exact top-k selection of 32 rows of scores',
    ['scores', 'n', 'k', 'rival', 'ms [p10, p90]', 'times ours'],
    rows,
  );
}

/** Scores of recorded queries with recorded keys. */
async function recordedScores(n) {
  const { nQHeads, nKvHeads, headDim } = standard;
  const recorded = await recordedHeads(n);
  const groupSize = nQHeads / nKvHeads;
  const scores = new Float32Array(nQHeads * n);
  for (const [head, rows] of recorded.keys.entries()) {
    const size = groupSize * headDim;
    const queries = recorded.queries.slice(head * size, (head + 1) * size);
    scores.set(loadAddon().kernels.scores({ headDim, queries, keys: rows }), head * groupSize * n);
  }
  return scores;
}

async function measure(session, { scores, n, source }) {
  const path = session.folder.write(scores);
  const rows = [];
  for (const share of [0.02, 0.1]) {
    const k = Math.round(share * n);
    session.log(`select ${k} of ${n} (${source})`);
    const { rivals, forms } = await selectRivals(session, { scores, path, n, k });
    const times = await session.times(rivals);
    for (const { name } of forms) await session.peer(name).ask({ cmd: 'free' });
    const own = times.get('sparsetune');
    const shape = { ...standard, nKv: n, dtype: 'f32' };
    const bytes = scores.byteLength;
    const op = `select ${source}`;
    session.add({ op, peer: 'sparsetune', shape, density: share, bytes, ms: own });
    const label = `${share * 100} % of ${keys(n)}, ${source}`;
    for (const { name, rival } of forms) {
      const ms = times.get(rival);
      const ratio = median(ratios(ms, own));
      session.add({ op: `${op} ${rival}`, peer: name, shape, density: share, bytes, ms, ratio });
      if (name !== 'numpy') session.judge(`select.${name}`, label, ratios(ms, own));
    }
    rows.push(
      ...[...times].map(([rival, ms]) => [
        source,
        keys(n),
        k,
        rival,
        spread(ms),
        digits(median(ratios(ms, own))),
      ]),
    );
  }
  return rows;
}

async function selectRivals(session, { scores, path, n, k }) {
  const nRows = scores.length / n;
  const rowOf = (row) => scores.subarray(row * n, (row + 1) * n);
  const { topK } = loadAddon().kernels;
  const least = Array.from({ length: nRows }, (_, row) =>
    rowOf(row)
      .toSorted()
      .at(n - k),
  );
  for (const [row, expected] of least.entries()) {
    check('sparsetune', topK({ scores: rowOf(row), k, isa: session.isa }), rowOf(row), expected, k);
  }
  const ours = repeated('sparsetune', {
    run() {
      topK({ scores, nRows, k, isa: session.isa });
    },
  });
  const forms = [];
  for (const name of ['torch', 'numpy', 'faiss']) {
    const peer = session.peer(name);
    if (peer === undefined) continue;
    try {
      const answer = await peer.ask({ cmd: 'load', case: 'select', scores: path, n, k });
      for (const form of answer.forms) {
        const { result } = await peer.ask({ cmd: 'result', form });
        check(`${name} ${form}`, result.slice(0, k), rowOf(0), least[0], k);
        forms.push({ name, rival: `${name} ${form}`, form });
      }
    } catch (error) {
      session.log(`  left out: ${error.message}`);
    }
  }
  const peers = forms.map(({ name, form }) => session.peer(name).rival(form));
  return { rivals: [ours, ...peers], forms };
}

/** k different indices whose scores all reach the k-th largest. */
function check(name, indices, scores, least, k) {
  const isRight =
    new Set(indices).size === k && Array.from(indices).every((index) => scores[index] >= least);
  if (!isRight) throw new Error(`${name}: not the ${k} largest`);
}
