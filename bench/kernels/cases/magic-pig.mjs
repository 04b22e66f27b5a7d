// A MagicPig step - hash the query, look up, weight, attend - on Gaussian and recorded keys, against our dense
// attention and the time that its bytes take to stream.

import { getPreset } from '../../../build/ts/ts/maskers/presets.js';
import { configContender, streamContender } from '../../../build/ts/ts/micro/contenders.js';
import { median } from '../../../build/ts/ts/micro/rounds.js';
import { recordedHeads } from '../recorded.mjs';
import { digits, keys, ratios, spread, standard } from '../session.mjs';
import { gaussianBench, recordedBench } from './gaussian.mjs';

export const name = 'magic-pig';

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
  session.section(
    'MagicPig step',
    [
      'keys',
      'dtype',
      'step',
      'ms [p10, p90]',
      'density',
      'read MB',
      'times as fast as dense',
      'share of byte bound',
    ],
    rows,
  );
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
  const dense = configContender('dense', { maskers: [] }, bench);
  const steps = sizes.map((size) => ({
    ...size,
    step: configContender(`(${size.lshK}, ${size.lshL}) ${source}`, chain(size), bench),
  }));
  const bounds = steps.map(({ step }) =>
    streamContender(`bound of ${step.rival.name}`, step.bytes, session.limits),
  );
  const times = await session.times(
    [dense, ...steps.map(({ step }) => step), ...bounds].map(({ rival }) => rival),
  );
  const denseMs = times.get('dense');
  return steps.map(({ step, target }) => {
    const { rival, density, bytes } = step;
    const ms = times.get(rival.name);
    const share = ratios(times.get(`bound of ${rival.name}`), ms);
    const ratio = median(ratios(denseMs, ms));
    session.add({
      op: `magic_pig ${rival.name}`,
      peer: 'sparsetune',
      shape,
      density,
      bytes,
      ms,
      ratio,
    });
    const label = `${rival.name} keys, ${keys(shape.nKv)} ${shape.dtype}`;
    session.judge(target, label, target === 'magicpig.dense' ? ratios(denseMs, ms) : share);
    return [
      keys(shape.nKv),
      shape.dtype,
      rival.name,
      spread(ms),
      digits(density),
      digits(bytes / 1e6),
      digits(ratio),
      digits(median(share)),
    ];
  });
}
