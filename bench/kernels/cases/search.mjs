// Scores and selection in one: the 2 % best keys of every query head, ours against the exact searches of FAISS and
// usearch.
import { Gaussian } from '../../../build/ts/ts/micro/gaussian.js';
import { median, repeated } from '../../../build/ts/ts/micro/rounds.js';
import { loadAddon } from '../../../build/ts/ts/native/addon.js';
import { rowOf } from '../data.mjs';
import { digits, keys, ratios, spread, standard } from '../session.mjs';

export async function run(session) {
  const shape = { ...standard, nKv: session.size(16384), dtype: 'f32' };
  const { nQHeads, headDim, nKv } = shape;
  const k = Math.round(0.02 * nKv);
  session.log(`search ${k} of ${nKv}`);
  const table = session.table(headDim);
  const query = new Gaussian(53).fill(new Float32Array(nQHeads * headDim));
  const search = exactSearch(session, shape, { table: table.rows, query, k });
  const expected = bestKeys(table.rows, query, { headDim, nKv, k });
  checkHead('sparsetune', Array.from(search()[0]), expected);
  const load = { cmd: 'load', case: 'search', ...shape, k, table: table.path };
  const rivals = [repeated('sparsetune', { run: () => void search() })];
  for (const peer of ['faiss', 'usearch'].map((other) => session.peer(other))) {
    if (peer === undefined) continue;
    try {
      const { forms } = await peer.ask({ ...load, query: session.folder.write(query) });
      const { result } = await peer.ask({ cmd: 'result', form: forms[0] });
      checkHead(peer.name, result.slice(0, k), expected);
      rivals.push(peer.rival(forms[0]));
    } catch (error) {
      session.log(`  left out: ${error.message}`);
    }
  }
  const times = await session.times(rivals);
  const own = times.get('sparsetune');
  const rows = [...times].map(([rival, ms]) => {
    const [peer] = rival.split(' ');
    const ratio = median(ratios(ms, own));
    const isOurs = peer === 'sparsetune';
    const op = isOurs ? 'search' : `search ${rival}`;
    session.add({ op, peer, shape, density: 0.02, ms, ...(!isOurs && { ratio }) });
    return [keys(nKv), k, rival, spread(ms), digits(ratio)];
  });
  session.section(
    'Exact search (scores and selection, f32)',
    ['keys', 'k', 'rival', 'ms [p10, p90]', 'times ours'],
    rows,
  );
}

/** A function that gives the chosen keys of each query head. */
function exactSearch(session, { nQHeads, nKvHeads, headDim, nKv }, { table, query, k }) {
  const { kernels } = loadAddon();
  const size = (nQHeads / nKvHeads) * headDim;
  const heads = Array.from({ length: nKvHeads }, (_, head) => {
    const rows = new Float32Array(nKv * headDim);
    for (let row = 0; row < nKv; row++) {
      rows.set(rowOf(table, headDim, 'keys', head, row), row * headDim);
    }
    return { queries: query.slice(head * size, (head + 1) * size), keys: rows };
  });
  return () =>
    heads.flatMap((head) => {
      const scores = kernels.scores({ headDim, ...head, isa: session.isa });
      const nRows = scores.length / nKv;
      const chosen = kernels.topK({ scores, nRows, k, isa: session.isa });
      return Array.from({ length: nRows }, (_, row) => chosen.subarray(row * k, (row + 1) * k));
    });
}

/** The k best keys of the first query head, in double precision. */
function bestKeys(table, query, { headDim, nKv, k }) {
  const scores = Array.from({ length: nKv }, (_, row) => {
    const stored = rowOf(table, headDim, 'keys', 0, row);
    let dot = 0;
    for (let i = 0; i < headDim; i++) dot += query[i] * stored[i];
    return dot;
  });
  const order = Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a]);
  return order.slice(0, k);
}

/** The same keys but for a few whose scores are too close to call. */
function checkHead(name, indices, expected) {
  const differ = indices.filter((index) => !expected.includes(index)).length;
  if (differ > expected.length / 100) throw new Error(`${name}: ${differ} other keys`);
}
