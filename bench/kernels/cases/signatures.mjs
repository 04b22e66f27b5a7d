// Signatures of keys (random planes, signs, packing): ours against the FMA peak and torch.
import { Gaussian } from '../../../build/ts/ts/micro/gaussian.js';
import { bestOf, median, repeated } from '../../../build/ts/ts/micro/rounds.js';
import { loadAddon } from '../../../build/ts/ts/native/addon.js';
import { digits, ratios, spread, standard } from '../session.mjs';

export async function run(session) {
  const rows = [];
  for (const [lshK, lshL] of [
    [10, 75],
    [10, 150],
    [8, 75],
  ]) {
    session.log(`signatures K=${lshK} L=${lshL}`);
    rows.push(...(await measure(session, { lshK, lshL, n: session.size(4096) })));
  }
  session.section(
    'Signature build',
    ['(K, L)', 'keys', 'rival', 'ms [p10, p90]', 'GFLOP/s', 'times ours'],
    rows,
  );
}

async function measure(session, { lshK, lshL, n }) {
  const { headDim } = standard;
  const { kernels, LimitProbe } = loadAddon();
  const { isa } = session;
  const vectors = new Gaussian(37).fill(new Float32Array(n * headDim));
  const planes = kernels.lshPlanes({ seed: 1, layer: 0, lshL, lshK, headDim });
  const panels = kernels.lshPanels({ lshL, lshK, headDim, planes });
  const codes = new Uint16Array(n * lshL);
  const args = { lshL, lshK, headDim, vectors, panels, isa, codes };
  const flops = 2 * n * lshL * lshK * headDim;
  const check = { lshL, lshK, headDim, vectors, planes };
  checkCodes('sparsetune', kernels.lshCodes(args), check);
  const ours = repeated('sparsetune', { run: () => void kernels.lshCodes(args) });
  const peak = bestOf('FMA peak', () => {
    const pass = LimitProbe.fma({ rounds: 200_000, threads: 1, isa });
    return (flops / (pass.flops / pass.seconds)) * 1e3;
  });
  const peer = await loadPeer(session, check);
  const times = await session.times([ours, peak, ...(peer === undefined ? [] : [peer])]);
  const own = times.get('sparsetune');
  const shape = { ...standard, nKv: n, dtype: 'f32' };
  const op = `signatures (${lshK},${lshL})`;
  session.add({ op, peer: 'sparsetune', shape, bytes: vectors.byteLength, ms: own });
  session.judge('signatures.fma', `(${lshK}, ${lshL})`, ratios(times.get('FMA peak'), own));
  return [...times].map(([rival, ms]) => {
    const ratio = median(ratios(ms, own));
    if (rival.startsWith('torch')) {
      session.add({
        op: `${op} ${rival}`,
        peer: 'torch',
        shape,
        bytes: vectors.byteLength,
        ms,
        ratio,
      });
    }
    const gflops = flops / median(ms) / 1e6;
    return [`(${lshK}, ${lshL})`, n, rival, spread(ms), digits(gflops), digits(ratio)];
  });
}

async function loadPeer(session, { lshL, lshK, headDim, vectors, planes }) {
  const peer = session.peer('torch');
  if (peer === undefined) return undefined;
  try {
    const paths = [vectors, planes].map((array) => session.folder.write(array));
    const load = { cmd: 'load', case: 'signatures', lshL, lshK, headDim };
    await peer.ask({ ...load, vectors: paths[0], planes: paths[1] });
    const { result } = await peer.ask({ cmd: 'result', form: 'matmul_pack' });
    checkCodes('torch', result, { lshL, lshK, headDim, vectors, planes });
  } catch (error) {
    session.log(`  left out: ${error.message}`);
    return undefined;
  }
  return peer.rival('matmul_pack');
}

/** The codes of a few vectors in double precision, but for signs too close to call. */
function checkCodes(name, codes, { lshL, lshK, headDim, vectors, planes }) {
  for (let vector = 0; vector < 8; vector++) {
    for (let plane = 0; plane < lshL * lshK; plane++) {
      let dot = 0;
      for (let i = 0; i < headDim; i++) {
        dot += vectors[vector * headDim + i] * planes[plane * headDim + i];
      }
      const bit = (codes[vector * lshL + Math.floor(plane / lshK)] >> (plane % lshK)) & 1;
      if (Math.abs(dot) > 1e-3 && bit !== (dot >= 0 ? 1 : 0)) {
        throw new Error(`${name}: plane ${plane} of vector ${vector} has the wrong sign`);
      }
    }
  }
}
