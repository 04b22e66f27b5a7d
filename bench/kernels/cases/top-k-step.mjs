// A whole step of top_k - score, select, attend - against our dense attention, scored by the keys and by their int8 copy.
import { boundRival } from '../bounds.mjs';
import { is16Bit, keys, ratios, standard, stepCells, stepColumns } from '../session.mjs';
import { denseStep, step } from '../steps.mjs';
import { gaussianBench } from './gaussian.mjs';

export async function run(session) {
  const rows = [];
  for (const dtype of session.dtypes) {
    const shape = { ...standard, nKv: session.size(16384), dtype };
    session.log(`top_k step ${keys(shape.nKv)} ${dtype}`);
    rows.push(...(await measure(session, shape)));
  }
  session.section('Whole top_k step', stepColumns, rows);
}

async function measure(session, shape) {
  const bench = gaussianBench(session, shape);
  const dense = denseStep(bench);
  const steps = ['kv', 'int8'].flatMap((scoreDtype) =>
    [0.02, 0.1].map((heavyFraction) => {
      const name = `top_k ${heavyFraction * 100} % ${scoreDtype}`;
      const config = { maskers: [{ kind: 'top_k', heavyFraction, scoreDtype }] };
      return { scoreDtype, heavyFraction, step: step(name, config, bench) };
    }),
  );
  const judged = steps.filter(({ scoreDtype }) => scoreDtype === 'int8');
  const bounds = judged.map(({ step }) => boundOf(session, shape, step));
  const times = await session.times([
    ...[dense, ...steps.map(({ step }) => step)].map(({ rival }) => rival),
    ...bounds,
  ]);
  const rows = [stepCells(shape, dense, session.addStep(dense, { shape, times }))];
  for (const { step } of steps) {
    rows.push(stepCells(shape, step, session.addStep(step, { shape, times })));
  }
  const denseMs = times.get(dense.rival.name);
  for (const [i, { heavyFraction, step }] of judged.entries()) {
    const id = `topk.${heavyFraction * 100}.${is16Bit(shape.dtype) ? '16bit' : 'f32'}`;
    const [own, limit] = [step.rival, bounds[i]].map(({ name }) =>
      ratios(denseMs, times.get(name)),
    );
    session.judge(id, `${step.rival.name}, ${keys(shape.nKv)} ${shape.dtype}`, own, limit);
  }
  return rows;
}

/** The int8 copy of the keys streams, a byte an element and a scale a key; rows of keys and values are gathered. */
function boundOf(session, shape, { rival, bytes }) {
  const streamed = shape.nKvHeads * shape.nKv * (shape.headDim + Float32Array.BYTES_PER_ELEMENT);
  return boundRival(session, `bound of ${rival.name}`, shape, {
    streamed,
    gathered: bytes - streamed,
  });
}
