// The report of a run: tables of measurements, targets reached and missed, plots.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cpuName } from '../../build/ts/ts/micro.js';
import { loadAddon } from '../../build/ts/ts/native/addon.js';
import { root } from '../../scripts/setup/process.mjs';
import { markdown } from '../lib/markdown.mjs';
import { replaceBetween } from '../lib/replace-between.mjs';
import { plotSvg } from './plot.mjs';
import { targets } from './targets.mjs';

export function printReport(session, about) {
  console.log(reportText(session, about));
}

/** Puts the report between the marks of bench/README.md, its plots beside it. */
export async function writeReport(session, about) {
  const folder = join(root, 'bench/plots');
  await mkdir(folder, { recursive: true });
  for (const plot of session.plots) {
    await writeFile(join(folder, `${plot.name}.svg`), plotSvg(plot));
  }
  const images = session.plots.flatMap(({ name, title }) => ['', `![${title}](plots/${name}.svg)`]);
  const text = [reportText(session, about), ...images].join('\n');
  await replaceBetween(join(root, 'bench/README.md'), 'kernels', text);
}

function reportText({ judged, sections, isa }, { command, peers, absent, rounds }) {
  const date = new Date().toISOString().slice(0, 10);
  return [
    `${cpuName()}, ${isa ?? loadAddon().bestIsa}, 1 thread, ${date}: \`${command}\``,
    `(${rounds} interleaved rounds; rivals: ${peers.join(', ') || 'none'}).`,
    ...(absent.length > 0 ? ['', `Absent: ${absent.join('; ')}.`] : []),
    ...(judged.length > 0 ? ['', '#### Targets', '', ...judgedTable(judged)] : []),
    ...sections.flatMap(({ title, columns, rows }) => [
      '',
      `#### ${title}`,
      '',
      ...markdown(columns, rows),
    ]),
  ].join('\n');
}

function judgedTable(judged) {
  return markdown(
    ['what', 'case', 'median [p10, p90]', 'at the limit', 'wanted', ''],
    judged.map(({ id, label, value, low, high, limit, bound, verdict }) => [
      targets[id].text,
      label,
      `${value.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`,
      limit?.toFixed(2) ?? '',
      bound,
      verdict,
    ]),
  );
}
