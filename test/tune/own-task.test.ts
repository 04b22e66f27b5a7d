import { readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Winner } from '../../ts/cache/winner.js';
import { WinnerCache } from '../../ts/cache/winner-cache.js';
import { validationTable } from '../../ts/cli/view/result.js';
import { getWinner } from '../../ts/tune/get-winner.js';
import { recallOptions } from '../../ts/tune/study-options.js';
import { jsonLinesOf } from '../helpers/data-rows.js';
import { temporaryFolder } from '../helpers/folder.js';
import { eventsOf, smallTune, studyOf, tuneTold } from '../helpers/tiny-tune.js';

const filler = 'The lake is calm. The road is long. The moon is bright. ';

function textOf(index: number): string {
  return `Part ${index}. ${filler.repeat(6)}The number of part ${index} is ${index * 37}.\n\n`;
}

/** A home, and a file in it with six contexts of two questions each, of which `graded` have answers. */
async function prepared(t: ExecutionContext, graded: number) {
  const home = await temporaryFolder(t);
  const path = join(home, 'my.jsonl');
  const rows = Array.from({ length: 6 }, (_, i) => ({
    context: textOf(i),
    questions: ['Which number is it?', 'How is the lake?'],
    max_new_tokens: 8,
    ...(i < graded && { answers: [String(i * 37), 'calm'] }),
  }));
  await writeFile(path, jsonLinesOf(rows));
  // As a user writes it, who may go on with the study from elsewhere.
  const task = `file:${relative(process.cwd(), path)}`;
  return { home, path, options: { ...smallTune, task, home } };
}

test('a file without references is tuned by what dense attention answers', async (t) => {
  const { home, path, options } = await prepared(t, 0);
  const { events, results } = await tuneTold(options);
  const [first] = results;
  const winner = first?.winner as Winner;
  t.like(winner.key, { task: 'file:my.jsonl' });
  t.regex(JSON.stringify(winner.key), /"data":"sha256:[0-9a-f]{64}"/);
  for (const { denseAccuracy } of eventsOf(events, 'prepared')) t.is(denseAccuracy, 1);
  const { rows } = winner.validation;
  t.deepEqual(
    rows.map((row) => 'score' in row || 'score' in row.metrics || 'scoreDifference' in row),
    rows.map(() => false),
  );
  const [dense, , candidate] = rows;
  t.true((dense?.metrics.kl ?? 1) < 1e-5);
  t.is(dense?.metrics.accuracy, 1);
  t.true((candidate?.metrics.kl ?? 0) > 1e-5);
  t.false(validationTable(rows).join('\n').includes('NaN'));
  t.regex(validationTable(rows)[1] ?? '', /dense\s+-\s+1\.000/);
  const stored = await new WinnerCache(home).list();
  t.is(stored.length, 1);
  t.false((await readFile(stored[0]?.path ?? '', 'utf8')).includes('null'));

  const { pending } = await recallOptions(home, studyOf(events));
  t.deepEqual(pending[0]?.task, [`file:${path}`]);

  const again = await tuneTold({ ...options, force: true });
  for (const event of eventsOf(again.events, 'prepared')) t.is(event.referenceMs, 0);

  const query = { model: 'tiny', config: 'streaming_llm', task: `file:${path}`, home };
  const { objective } = smallTune;
  t.is((await getWinner({ ...query, objective }))?.path, stored[0]?.path);
  await writeFile(path, (await readFile(path, 'utf8')).replace('lake', 'sea'));
  t.is(await getWinner({ ...query, objective }), undefined);
});

test('a file with some references is scored on those alone', async (t) => {
  const { options } = await prepared(t, 3);
  const { results } = await tuneTold({ ...options, trials: 2 });
  const { rows } = results[0]?.winner?.validation ?? { rows: [] };
  t.true(rows.length > 2);
  for (const { score } of rows) t.true(score === undefined || (score >= 0 && score <= 1));
  t.true(rows.every(({ metrics }) => Number.isFinite(metrics.kl)));
});

test('contexts that are too long for the model name the cure', async (t) => {
  const home = await temporaryFolder(t);
  const path = join(home, 'long.jsonl');
  const rows = [1, 2, 3].map((i) => ({
    context: `${i} ${filler.repeat(200)}`,
    question: 'Which?',
  }));
  await writeFile(path, jsonLinesOf(rows));
  const options = { ...smallTune, home, trials: 2 };
  const refusal = await t.throwsAsync(tuneTold({ ...options, task: `file:${path}` }), {
    code: 'ERR_TASK',
    message: /file:long\.jsonl needs \d+ tokens .*Use file:long\.jsonl@\d+ or less/,
  });
  const limit = /@(\d+) or less/.exec(refusal?.message ?? '')?.[1];
  const short = { ...options, task: `file:${path}@300`, truncate: 'middle' as const };
  const { results, events } = await tuneTold(short);
  t.true(Number(limit) > 300);
  t.like(results[0]?.winner?.key, { task: 'file:long.jsonl@300' });
  t.is(eventsOf(events, 'prepared')[0]?.contexts, 1);
});
