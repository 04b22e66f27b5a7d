// A whole step of top_k - score, select, attend - against our dense attention, scored by the keys and by their int8 copy.
import { is16Bit, keys, standard, stepCells, stepColumns } from '../session.mjs';
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
  const times = await session.times([dense, ...steps.map(({ step }) => step)].map(rivalOf));
  const rows = [stepCells(shape, dense, session.addStep(dense, { shape, times }))];
  for (const { scoreDtype, heavyFraction, step } of steps) {
    const measured = session.addStep(step, { shape, times });
    rows.push(stepCells(shape, step, measured));
    if (scoreDtype === 'kv') continue;
    const id = `topk.${heavyFraction * 100}.${is16Bit(shape.dtype) ? '16bit' : 'f32'}`;
    session.judge(id, `${step.rival.name}, ${keys(shape.nKv)} ${shape.dtype}`, measured.toDense);
  }
  return rows;
}

function rivalOf({ rival }) {
  return rival;
}
