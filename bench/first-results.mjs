// The table of the README: tunes the small configs on the small model and writes what validation measured.
//
//   node bench/first-results.mjs [--write]
//
// Winners that are known are taken from the home folder; `npx sparsetune tune ... --force` searches again.
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { tune } from '../build/ts/ts/tune.js';

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
const first = results.find(({ winner }) => winner !== undefined);
const { rows: firstRows, contexts, questions, interval } = first.winner.validation;
add(
  cells(
    'dense',
    firstRows.find(({ label }) => label === 'dense'),
  ),
);
for (const { config: name, winner, reason } of results) {
  if (winner === undefined) {
    add([name, reason, '', '', '', '']);
    continue;
  }
  const { rows } = winner.validation;
  add(
    cells(
      `${name}, untuned default`,
      rows.find(({ label }) => label === 'default'),
    ),
  );
  add(
    cells(
      `${name}, tuned`,
      rows.find(({ isWinner }) => isWinner),
    ),
  );
}
const { provenance, search } = first.winner;
const caption = [
  `SmolLM2-135M-Instruct (Q4_1), \`niah_mq8@512\`, objective \`${first.winner.key.objective}\`, ${search.trials} trials each on ${search.questions} questions,`,
  `validated on ${questions} other questions over ${contexts} contexts (interval: ${interval}). KL noise floor ${number(search.noiseFloorKl, 6)}.`,
  `${provenance.cpu}, ${provenance.threads} threads, ${provenance.isa}. Made by \`node bench/first-results.mjs --write\`.`,
];
const table = [...lines, '', ...caption].join('\n');
console.log(table);
if (values.write) await replaceBetween('README.md', 'results', table);

async function replaceBetween(path, name, text) {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const old = await readFile(path, 'utf8');
  const head = old.slice(0, old.indexOf(begin) + begin.length);
  await writeFile(path, `${head}\n${text}\n${old.slice(old.indexOf(end))}`);
}
