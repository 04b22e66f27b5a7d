// A task in full: tunes the small configs on the small model and writes what validation measured.
//
//   npm run bench:results [-- --write]
//
// Winners that are known are taken from the home folder; `npx sparsetune tune ... --force` searches again.
import { parseArgs } from 'node:util';
import { tune } from '../build/ts/ts/tune.js';
import { replaceBetween } from './lib/replace-between.mjs';

const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
const config = ['streaming_llm', 'hash_attention', 'magic_pig'];
const results = await tune({
  model: 'smollm2',
  task: 'niah_mq8@512',
  config,
  trials: 27,
  onEvent: (event) => {
    if (event.event === 'phase') process.stderr.write(`${event.phase} ${event.config ?? ''}\n`);
  },
});

const number = (value, digits = 3) => value.toFixed(digits);
function cells(name, { metrics, score, scoreDifference: difference, isWinner }) {
  const gap =
    difference &&
    `${number(difference.mean)} [${number(difference.low)}, ${number(difference.high)}]`;
  return [
    isWinner ? `**${name}**` : name,
    number(score),
    gap ?? '',
    number(metrics.kl, 4),
    number(metrics.density),
    number(metrics.readFraction),
  ];
}

const lines = [
  '| config | score | minus dense, 95 % interval | KL | density | bytes read / dense |',
  '|---|---|---|---|---|---|',
];
const add = (row) => lines.push(`| ${row.join(' | ')} |`);
const tables = results.map(({ config: name, winner, validation, reason }) => ({
  name,
  rows: (winner?.validation ?? validation)?.rows ?? [],
  reason,
}));
const denseRow = tables.flatMap(({ rows }) => rows).find(({ label }) => label === 'dense');
if (denseRow !== undefined) add(cells('dense', denseRow));
for (const { name, rows, reason } of tables) {
  const untuned = rows.find(({ label }) => label === 'default');
  const candidates = rows.filter(({ params }) => params !== undefined);
  const chosen =
    rows.find(({ isWinner }) => isWinner) ??
    candidates.toSorted((a, b) => a.violation - b.violation)[0];
  if (untuned !== undefined) add(cells(`${name}, untuned default`, untuned));
  if (chosen !== undefined)
    add(cells(`${name}, ${reason === undefined ? 'tuned' : 'nearest, breaks the bound'}`, chosen));
  else add([name, reason, '', '', '', '']);
}
const caption = results
  .flatMap(({ winner }) => (winner === undefined ? [] : [winner]))
  .slice(0, 1)
  .flatMap((winner) => {
    const { provenance, search, validation } = winner;
    return [
      '',
      `SmolLM2-135M-Instruct (Q4_1), \`niah_mq8@512\`, objective \`${winner.key.objective}\`, ${search.trials} trials each on ${search.questions} questions,`,
      `validated on ${validation.questions} other questions over ${validation.contexts} contexts (interval: ${validation.interval}). KL noise floor ${search.noiseFloorKl}.`,
      `${provenance.cpu}, ${provenance.threads} threads, ${provenance.isa}. Made by \`npm run bench:results -- --write\`.`,
    ];
  });
const table = [...lines, ...caption].join('\n');
console.log(table);
if (values.write) await replaceBetween('bench/README.md', 'results', table);
