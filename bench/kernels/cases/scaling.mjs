// How time grows: over the number of keys for dense, top_k, MagicPig and given lists, and over the density.

import { getPreset } from '../../../build/ts/ts/maskers/presets.js';
import { listContender } from '../../../build/ts/ts/micro/contenders.js';
import { Gaussian } from '../../../build/ts/ts/micro/gaussian.js';
import { median } from '../../../build/ts/ts/micro/rounds.js';
import { digits, keys, standard } from '../session.mjs';
import { denseStep, step } from '../steps.mjs';
import { gaussianBench } from './gaussian.mjs';

const densities = [0.01, 0.02, 0.05, 0.1, 0.2, 0.4];
const listDensity = 0.1;
const dtype = 'f16';

export async function run(session) {
  const sizes = Array.from({ length: session.isQuick ? 5 : 9 }, (_, power) => 1024 * 2 ** power);
  const lines = new Map();
  for (const nKv of sizes) {
    session.log(`scaling ${keys(nKv)}`);
    const shape = { ...standard, nKv, dtype };
    const bench = gaussianBench(session, shape);
    const contenders = stepsOver(bench);
    const times = await session.times(contenders.map(({ rival }) => rival));
    for (const contender of contenders) {
      const { name } = contender.rival;
      const { ms } = session.addStep(contender, { shape, times, op: `scaling ${name}` });
      lines.set(name, [...(lines.get(name) ?? []), [nKv, median(ms)]]);
    }
  }
  report(session, lines, sizes);
  await overDensity(session);
}

function stepsOver(bench) {
  const gaussian = new Gaussian(43);
  const list = { density: listDensity, isPerHead: true, gaussian };
  return [
    denseStep(bench),
    step('top_k 10 %', { maskers: [{ kind: 'top_k', heavyFraction: 0.1 }] }, bench),
    step('magic_pig', getPreset('magic_pig').defaultConfig, bench),
    listContender('list 10 %', list, bench),
  ];
}

function report(session, lines, sizes) {
  session.section(
    `Time over keys (${dtype}): ms a step, and a + b n fitted to it`,
    ['step', ...sizes.map(keys), 'constant a, us', 'b, ns a key', 'largest error'],
    [...lines].map(([name, points]) => {
      const { constant, slope, error } = fitLine(points);
      return [
        name,
        ...points.map(([, ms]) => digits(ms)),
        digits(constant * 1e3),
        digits(slope * 1e6),
        `${(error * 100).toFixed(0)} %`,
      ];
    }),
  );
  session.plot({
    name: 'time-over-keys',
    title: `Time of a step over the number of keys (${dtype})`,
    xLabel: 'keys',
    yLabel: 'ms',
    lines: [...lines].map(([name, points]) => ({ name, points })),
  });
}

/** Least squares of relative errors: small sizes count as much as large ones. */
function fitLine(points) {
  let [w, wx, wxx, wy, wxy] = [0, 0, 0, 0, 0];
  for (const [x, y] of points) {
    const weight = 1 / (y * y);
    w += weight;
    wx += weight * x;
    wxx += weight * x * x;
    wy += weight * y;
    wxy += weight * x * y;
  }
  const slope = (w * wxy - wx * wy) / (w * wxx - wx * wx);
  const constant = (wy - slope * wx) / w;
  const errors = points.map(([x, y]) => Math.abs((constant + slope * x) / y - 1));
  return { constant, slope, error: Math.max(...errors) };
}

async function overDensity(session) {
  const shape = { ...standard, nKv: session.size(32768), dtype };
  session.log('scaling over density');
  const bench = gaussianBench(session, shape);
  const gaussian = new Gaussian(47);
  const dense = denseStep(bench);
  const kinds = {
    'group lists': (name, density) =>
      listContender(name, { density, isPerHead: false, gaussian }, bench),
    'a list per head': (name, density) =>
      listContender(name, { density, isPerHead: true, gaussian }, bench),
    top_k: (name, density) =>
      step(name, { maskers: [{ kind: 'top_k', heavyFraction: density }] }, bench),
  };
  const steps = Object.entries(kinds).flatMap(([kind, make]) =>
    densities.map((density) => ({ kind, density, step: make(`${kind} ${density}`, density) })),
  );
  const times = await session.times([dense.rival, ...steps.map(({ step }) => step.rival)]);
  const denseMs = times.get('dense');
  const points = (kind) =>
    steps
      .filter((entry) => entry.kind === kind)
      .map(({ density, step }) => [density, median(times.get(step.rival.name))]);
  for (const { kind, step } of steps)
    session.addStep(step, { shape, times, op: `scaling ${kind}` });
  session.section(
    `Time over density (${keys(shape.nKv)}, ${dtype}): ms a step; dense takes ${digits(median(denseMs))}`,
    ['step', ...densities.map((density) => `${density * 100} %`)],
    Object.keys(kinds).map((kind) => [kind, ...points(kind).map(([, ms]) => digits(ms))]),
  );
  session.plot({
    name: 'time-over-density',
    title: `Time of a step over the density (${keys(shape.nKv)} keys, ${dtype})`,
    xLabel: 'attended keys / keys',
    yLabel: 'ms',
    lines: [
      { name: 'dense', points: [densities[0], densities.at(-1)].map((x) => [x, median(denseMs)]) },
      ...Object.keys(kinds).map((kind) => ({ name: kind, points: points(kind) })),
    ],
  });
}
