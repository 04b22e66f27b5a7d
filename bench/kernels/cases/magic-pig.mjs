// A MagicPig step - hash the query, look up, weight, attend - on Gaussian and recorded keys, against our dense
// attention and the time that its bytes take to stream.

import { getPreset } from '../../../build/ts/ts/maskers/presets.js';
import { streamContender } from '../../../build/ts/ts/micro/contenders.js';
import { median } from '../../../build/ts/ts/micro/rounds.js';
import { recordedHeads } from '../recorded.mjs';
import { digits, keys, ratios, standard, stepCells, stepColumns } from '../session.mjs';
import { denseStep, step } from '../steps.mjs';
import { gaussianBench, recordedBench } from './gaussian.mjs';

const sizes = [
  { lshK: 10, lshL: 75, target: 'magicpig.dense' },
  { lshK: 10, lshL: 150, target: 'magicpig.dense' },
  { lshK: 8, lshL: 75, target: 'magicpig.bytes' },
];

export async function run(session) {
  const rows = [];
  const nKv = session.size(32768);
  const recorded = await recordedHeads(nKv);
  for (const dtype of session.dtypes.filter((other) => other !== 'bf16')) {
    const shape = { ...standard, nKv, dtype };
    for (const [source, make] of [
      ['Gaussian', () => gaussianBench(session, shape)],
      ['recorded', () => recordedBench(session, shape, recorded)],
    ]) {
      session.log(`MagicPig ${keys(nKv)} ${dtype}, ${source} keys`);
      rows.push(...(await measure(session, { shape, source, bench: make() })));
    }
  }
  session.section('MagicPig step', [...stepColumns, 'share of byte bound'], rows);
}

/** The chain of the preset with other hash tables. */
function chain({ lshK, lshL }) {
  const { maskers } = getPreset('magic_pig').defaultConfig;
  return {
    maskers: maskers.map((masker) =>
      masker.kind === 'magic_pig' ? { ...masker, lshK, lshL } : masker,
    ),
  };
}

async function measure(session, { shape, source, bench }) {
  const dense = denseStep(bench);
  const steps = sizes.map((size) => ({
    ...size,
    step: step(`(${size.lshK}, ${size.lshL}) ${source}`, chain(size), bench),
  }));
  const bounds = steps.map(({ step }) =>
    streamContender(`bound of ${step.rival.name}`, step.bytes, session.limits),
  );
  const times = await session.times(
    [dense, ...steps.map(({ step }) => step), ...bounds].map(({ rival }) => rival),
  );
  return steps.map(({ step, target }) => {
    const measured = session.addStep(step, { shape, times, op: `magic_pig ${step.rival.name}` });
    const bound = times.get(`bound of ${step.rival.name}`);
    const share = ratios(bound, measured.ms);
    const label = `${step.rival.name} keys, ${keys(shape.nKv)} ${shape.dtype}`;
    const atLimit = ratios(times.get(dense.rival.name), bound);
    if (target === 'magicpig.dense') session.judge(target, label, measured.toDense, atLimit);
    else session.judge(target, label, share);
    return [...stepCells(shape, step, measured), digits(median(share))];
  });
}
