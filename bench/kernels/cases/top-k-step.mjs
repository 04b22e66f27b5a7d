// A whole step of top_k - score, select, attend - against our dense attention; with each way of scoring that the
// masker has.

import { maskerOf } from '../../../build/ts/ts/maskers/registry.js';
import { configContender } from '../../../build/ts/ts/micro/contenders.js';
import { median } from '../../../build/ts/ts/micro/rounds.js';
import { digits, is16Bit, keys, ratios, spread, standard } from '../session.mjs';
import { gaussianBench } from './gaussian.mjs';

export const name = 'top-k-step';

export async function run(session) {
  const rows = [];
  for (const dtype of session.dtypes) {
    const shape = { ...standard, nKv: session.size(16384), dtype };
    session.log(`top_k step ${keys(shape.nKv)} ${dtype}`);
    rows.push(...(await measure(session, shape)));
  }
  session.section(
    'Whole top_k step',
    [
      'keys',
      'dtype',
      'step',
      'ms a step [p10, p90]',
      'density',
      'read MB',
      'times as fast as dense',
    ],
    rows,
  );
}

/** `kv` scores the stored keys, `int8` a copy of them; a build without the option has only the first. */
export function scoreDtypes() {
  const { properties } = maskerOf('top_k').schema;
  return properties['scoreDtype']?.enum ?? [undefined];
}

async function measure(session, shape) {
  const bench = gaussianBench(session, shape);
  const steps = scoreDtypes().flatMap((scoreDtype) =>
    [0.02, 0.1].map((heavyFraction) => ({
      scoreDtype,
      heavyFraction,
      name: `top_k ${heavyFraction * 100} %${scoreDtype === undefined ? '' : ` ${scoreDtype}`}`,
    })),
  );
  const dense = configContender('dense', { maskers: [] }, bench);
  const contenders = steps.map(({ name, heavyFraction, scoreDtype }) =>
    configContender(
      name,
      { maskers: [{ kind: 'top_k', heavyFraction, ...(scoreDtype && { scoreDtype }) }] },
      bench,
    ),
  );
  const all = [dense, ...contenders];
  const times = await session.times(all.map(({ rival }) => rival));
  const denseMs = times.get('dense');
  for (const { name, heavyFraction, scoreDtype } of steps) {
    const id = `topk.${heavyFraction * 100}.${is16Bit(shape.dtype) ? '16bit' : 'f32'}`;
    // The target is that of int8 scores; without them the step that there is is held against it.
    if (scoreDtype === undefined || scoreDtype === 'int8') {
      const scores = scoreDtype === undefined ? ' (no int8 scores in this build)' : '';
      session.judge(
        id,
        `${name}, ${keys(shape.nKv)} ${shape.dtype}${scores}`,
        ratios(denseMs, times.get(name)),
      );
    }
  }
  return all.map(({ rival, density, bytes }) => {
    const ms = times.get(rival.name);
    const ratio = median(ratios(denseMs, ms));
    session.add({ op: rival.name, peer: 'sparsetune', shape, density, bytes, ms, ratio });
    return [
      keys(shape.nKv),
      shape.dtype,
      rival.name,
      spread(ms),
      digits(density),
      digits(bytes / 1e6),
      digits(ratio),
    ];
  });
}
