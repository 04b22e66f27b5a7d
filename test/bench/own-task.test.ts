import { writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import test from 'ava';
import { bench } from '../../ts/bench.js';
import { run } from '../../ts/run.js';
import { jsonLinesOf } from '../helpers/data-rows.js';
import { temporaryFolder } from '../helpers/folder.js';
import { rowsIn } from '../helpers/tiny-bench.js';

const filler = 'The lake is calm. The road is long. The moon is bright. ';

/** Six contexts of two questions each; only the first question of each has an answer. */
const rows = (name: string) =>
  Array.from({ length: 6 }, (_, i) => [
    { context: `${name} ${i}. ${filler.repeat(6)}`, question: 'Where?', answers: ['calm'] },
    { context: `${name} ${i}. ${filler.repeat(6)}`, question: 'And how is the road?' },
  ])
    .flat()
    .map((row) => ({ ...row, max_new_tokens: 6 }));

test("a user's own prompts are tuned and measured, and a winner of other content does not count", async (t) => {
  const home = await temporaryFolder(t);
  const path = join(home, 'my.jsonl');
  await writeFile(path, jsonLinesOf(rows('Part')));
  const options = {
    model: 'tiny',
    task: `file:${relative(process.cwd(), path)}`,
    config: ['dense', 'streaming_llm'],
    objective: 'kl s.t. density<=0.95',
    trials: 2,
    threads: 1,
    speedQuestions: 0,
    home,
    resultDir: join(home, 'results'),
  };
  const { cells, failures } = await run(options);
  t.deepEqual(failures, []);
  t.like(cells[1], { task: 'file:my.jsonl', state: 'complete', source: { kind: 'winner' } });
  t.true((cells[1]?.score?.mean ?? -1) >= 0);
  for (const { folder } of cells) {
    const answers = await rowsIn(options.resultDir, folder);
    t.true(answers.length > 0);
    for (const { references, score, denseScore, prediction } of answers) {
      t.is(score === null, references.length === 0);
      t.is(denseScore === null, references.length === 0);
      t.is(typeof prediction, 'string');
    }
    t.true(answers.some(({ score }) => score === null));
  }
  t.deepEqual((await run(options)).steps, []);

  await writeFile(path, jsonLinesOf(rows('Chapter')));
  await t.throwsAsync(bench(options), { message: /its taskParameters was .*sha256:/ });
  const other = await bench({ ...options, resultDir: join(home, 'others') });
  t.is(other.cells[1]?.source?.kind, 'default');
});

test('a file that cannot be read fails its own cells', async (t) => {
  const home = await temporaryFolder(t);
  const { cells, failures } = await run({
    model: 'tiny',
    task: ['file:no/such.jsonl', 'toy/scored@300'],
    config: ['dense', 'streaming_llm'],
    objective: 'kl s.t. density<=0.95',
    trials: 2,
    threads: 1,
    home,
    resultDir: join(home, 'results'),
  });
  t.is(failures[0]?.tasks[0], 'file:such.jsonl');
  t.deepEqual(
    cells.map(({ state, error }) => [state, error?.code]),
    [
      ['failed', 'ERR_DATA'],
      ['failed', 'ERR_DATA'],
      ['complete', undefined],
      ['complete', undefined],
    ],
  );
});
