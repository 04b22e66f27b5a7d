// Every preset with its default settings against dense attention, each with the bound of what it reads: runs of keys,
// whole-key scores and indexes at the stream limit, scattered keys at the gather limit.

import { listPresets } from '../../../build/ts/ts/maskers/presets.js';
import { denseBytes } from '../../../build/ts/ts/micro/caches.js';
import { median } from '../../../build/ts/ts/micro/rounds.js';
import { boundRival } from '../bounds.mjs';
import { digits, keys, ratios, standard, stepCells, stepColumns } from '../session.mjs';
import { denseStep, step } from '../steps.mjs';
import { gaussianBench } from './gaussian.mjs';

/** Kinds that read every key to choose. */
const scorers = new Set(['top_k', 'top_p']);
/** Kinds whose kept keys lie scattered. */
const scattered = new Set(['top_k', 'top_p', 'random_sampling', 'adaptive_sampling', 'magic_pig']);

export async function run(session) {
  const rows = [];
  for (const dtype of session.dtypes) {
    const shape = { ...standard, nKv: session.size(32768), dtype };
    session.log(`presets ${keys(shape.nKv)} ${dtype}`);
    rows.push(...(await measure(session, shape)));
  }
  session.section('Presets with their default settings', [...stepColumns, 'share of bound'], rows);
}

/** Bytes that stream and bytes that are gathered: what the bound takes. */
function splitBytes({ maskers }, { bytes, shape }) {
  const runs = maskers
    .filter(({ kind }) => kind === 'sink' || kind === 'local')
    .reduce((sum, masker) => sum + runKeys(masker, shape.nKv), 0);
  const perKey = denseBytes(shape) / shape.nKv;
  const isScoring = maskers.some(({ kind }) => scorers.has(kind));
  const isScattered = maskers.some(({ kind }) => scattered.has(kind));
  const scored = isScoring ? denseBytes(shape) / 2 + (runs * perKey) / 2 : runs * perKey;
  const streamed = isScattered ? Math.min(scored, bytes) : bytes;
  return { streamed, gathered: bytes - streamed };
}

function runKeys(masker, nKv) {
  const size = masker['sinkSize'] ?? masker['windowSize'];
  const fraction = masker['sinkFraction'] ?? masker['windowFraction'];
  return size ?? Math.floor(fraction * nKv);
}

async function measure(session, shape) {
  const bench = gaussianBench(session, shape);
  const presets = listPresets().filter(({ defaultConfig }) => defaultConfig.maskers.length > 0);
  const dense = denseStep(bench);
  const steps = presets.map(({ name, defaultConfig }) => ({
    name,
    config: defaultConfig,
    step: step(name, defaultConfig, bench),
  }));
  const bounds = steps.map(({ name, config, step }) =>
    boundRival(
      session,
      `bound of ${name}`,
      shape,
      splitBytes(config, { bytes: step.bytes, shape }),
    ),
  );
  const rivals = [dense.rival, ...steps.map(({ step }) => step.rival), ...bounds];
  const times = await session.times(rivals);
  return steps.map(({ name, step }) => {
    const measured = session.addStep(step, { shape, times });
    const share = ratios(times.get(`bound of ${name}`), measured.ms);
    const label = `${name}, ${keys(shape.nKv)} ${shape.dtype}`;
    if (name === 'streaming_llm') {
      const least = denseBytes(shape) / step.bytes;
      const shares = measured.toDense.map((value) => value / least);
      session.judge('preset.runs', label, shares);
    }
    if (name === 'random_sampling' || name === 'adaptive_sampling') {
      session.judge('preset.gather', label, share);
    }
    return [...stepCells(shape, step, measured), digits(median(share))];
  });
}
