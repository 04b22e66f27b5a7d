// Real benchmark runs of the test model, kept in bench/results: dense attention, and each config untuned and with its
// winner, which is searched first where none is stored. Stopped runs go on where they were stopped.
//
//   npm run bench:runs -- [--write] [--dry-run] [--smoke] [--result-dir bench/results] [--max-requests N] [--trials N]
//
// --write puts the tables into README.md and bench/README.md; --smoke does little of it, in a folder of its own, to see that all runs.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readReports } from '../build/ts/ts/bench/summary.js';
import { processContext } from '../build/ts/ts/cli/process-context.js';
import { runCli } from '../build/ts/ts/cli/program.js';
import { resolveHome } from '../build/ts/ts/home.js';
import { isTunable, listPresets } from '../build/ts/ts/maskers/presets.js';
import { resolveModel } from '../build/ts/ts/models/model-source.js';
import { taskNames } from '../build/ts/ts/tasks/registry.js';
import { markdown } from './lib/markdown.mjs';
import { replaceBetween } from './lib/replace-between.mjs';

const { values } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    'dry-run': { type: 'boolean', default: false },
    smoke: { type: 'boolean', default: false },
    'result-dir': { type: 'string', default: 'bench/results' },
    'max-requests': { type: 'string' },
    trials: { type: 'string', default: '27' },
  },
});

const presets = listPresets().filter(isTunable);
const tasks = [
  ...['512', '1024', '2048'].map((length) => `niah_mq8@${length}`),
  'ruler/niah_single_1@512',
  'ruler/vt@1024',
  'infinite_bench/passkey@512',
  'infinite_bench/number_string@512',
  'niah_mq8@4096',
].filter((id) => taskNames().includes(id.split(/[/@]/)[0]));
const matrix = {
  tasks: values.smoke ? ['niah_mq8@512'] : tasks,
  configs: ['dense', ...presets.flatMap(({ name }) => [name, `${name}:default`])],
};
if (values.smoke) matrix.configs = ['dense', 'streaming_llm', 'streaming_llm:default'];
// What little was searched must not be taken for a winner later.
const home = values.smoke ? await mkdtemp(join(tmpdir(), 'sparsetune-runs-')) : resolveHome();
const resultDir = values.smoke ? join(home, 'results') : values['result-dir'];
const { path } = await resolveModel('smollm2', { home: resolveHome() });
const requests = values.smoke ? '4' : values['max-requests'];
const args = [
  ...['run', '--model', values.smoke ? path : 'smollm2', '--task', matrix.tasks.join()],
  ...['--config', matrix.configs.join(), '--trials', values.smoke ? '3' : values.trials],
  ...['--result-dir', resultDir, ...(values.smoke ? ['--home', home] : [])],
  ...(requests === undefined ? [] : ['--max-requests', requests]),
  ...(values['dry-run'] ? ['--dry-run'] : []),
];
console.log(`sparsetune ${args.join(' ')}\n`);
process.exitCode = await runCli(args, processContext);

/** Score, KL and density of a config on each task. */
function row(name, config, cells) {
  const texts = matrix.tasks.map((task) => {
    const cell = cells.find((each) => each.task === task && each.config === config);
    if (cell?.score === undefined) return '';
    return `${cell.score.mean.toFixed(3)}, ${cell.kl.toFixed(4)}, ${(100 * cell.density).toFixed(1)} %`;
  });
  return [name, ...texts];
}

if (!values['dry-run']) {
  const cells = await readReports(resultDir);
  const names = matrix.configs.filter((name) => name !== 'dense' && !name.includes(':'));
  const dense = row('dense', 'dense', cells);
  const tuned = (name) => row(`${name}, tuned`, name, cells);
  const untuned = (name) => row(`${name}, untuned`, `${name}-default`, cells);
  const titles = ['score, KL, density', ...matrix.tasks];
  const counts = cells.map(({ questions }) => questions.done).sort((a, b) => a - b);
  const caption = (folder) => [
    '',
    `SmolLM2-135M-Instruct (Q4_1) on ${counts[0]} to ${counts.at(-1)} \`test\` questions of a task, which nothing was chosen on; winners for`,
    `\`kl s.t. density<=0.1\`. All numbers, with intervals and times: [results](${folder}results/summary.md).`,
    'Made by `npm run bench:runs -- --write`.',
  ];
  const short = [...markdown(titles, [dense, ...names.map(tuned)]), ...caption('bench/')];
  const rows = [dense, ...names.flatMap((name) => [untuned(name), tuned(name)])];
  const long = [...markdown(titles, rows), ...caption('')].join('\n');
  console.log(`\n${long}`);
  if (values.write) {
    await replaceBetween('README.md', 'runs', short.join('\n'));
    await replaceBetween('bench/README.md', 'runs', long);
  }
}
