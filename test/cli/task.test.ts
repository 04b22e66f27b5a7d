import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { temporaryFolder } from '../helpers/folder.js';
import { runCaught } from '../helpers/run-cli.js';

test('every benchmark is listed with its subsets and what it needs', async (t) => {
  const { out, code } = await runCaught(['task', 'ls']);
  t.is(code, 0);
  t.regex(
    out,
    /^niah_mq8: Eight numbers .*\n {2}lengths +any; 512 by default\n {2}needs +nothing$/m,
  );
  t.regex(out, /^ruler: .*\n.*\n {2}needs .*qa_1 and qa_2 data.*\n {2}subsets +niah_single_1 /m);
  t.regex(out, /^ {2}generated +all but qa_1 qa_2$/m);
  t.true(out.split('\n').every((line) => line.length <= 100));
  const entries = JSON.parse((await runCaught(['task', 'ls', '--json'])).out) as {
    name: string;
    subsets: string[];
  }[];
  const found = entries.find(({ name }) => name === 'infinite_bench');
  t.like(found, { lengths: undefined, about: { lengths: 'any; without one that of the data' } });
  t.true(found?.subsets.includes('kv_retrieval'));
});

test('a task is shown with its metric, its splits and its parameters', async (t) => {
  const { out } = await runCaught(['task', 'show', 'ruler/vt@2048', '--prompt', 'chat']);
  t.regex(out, /^ruler\/vt@2048: .*chain of assignments/);
  t.regex(out, /\n {2}metric +string_match_all: /);
  t.regex(out, /\n {2}contexts +search 8, validation 16, test 16, 1 question each\n/);
  t.regex(out, /\n {2}parameters +length=2048 seed=42 haystack=noise promptStyle=chat\n/);
  t.regex((await runCaught(['task', 'show', 'niah_mq8'])).out, / test 8, 8 questions each\n/);
});

test('a benchmark is shown as all of its tasks, those that need data too', async (t) => {
  const { out } = await runCaught(['task', 'show', 'ruler', '--json']);
  const shown = JSON.parse(out) as { id: string; measures: string; metric: string }[];
  t.is(shown.length, 13);
  t.like(shown.at(-1), {
    id: 'ruler/qa_2@4096',
    madeFrom: 'HotpotQA (hotpot_dev_distractor_v1.json)',
  });
  t.true(shown.every(({ measures, metric }) => measures !== '' && metric !== ''));
});

test('a task of data names them', async (t) => {
  const { out } = await runCaught(['task', 'show', 'loogle', '--json']);
  t.like(JSON.parse(out)[0], {
    id: 'loogle/shortdep_qa',
    metric: 'rouge_l_recall',
    madeFrom: 'simonjegou/loogle on the Hugging Face hub',
  });
  t.regex((await runCaught(['task', 'show', 'zero_scrolls'])).out, /metric +none: the answers/);
});

test('a prompt of a file without answers says that there are none', async (t) => {
  const home = await temporaryFolder(t);
  const path = join(home, 'my.jsonl');
  const rows = [1, 2, 3].map((i) => ({ context: `Text ${i}.`, question: 'Why?' }));
  await writeFile(path, rows.map((row) => JSON.stringify(row)).join('\n'));
  const args = ['task', 'sample', `file:${path}`, '--model', 'tiny', '--home', home];
  const { out } = await runCaught(args);
  t.regex(out, /^file:my\.jsonl search\/\d\/0: at most \d+ tokens\n/);
  t.regex(out, /\n--- no gold answer: .*\n--- no references; an answer has at most 64 tokens\n/);
});

test('a prompt is printed as the model gets it, the middle left out unless asked for', async (t) => {
  const home = await temporaryFolder(t);
  const args = ['task', 'sample', 'niah_mq8@2600', '--model', 'tiny', '--home', home];
  const { out, code } = await runCaught(args);
  t.is(code, 0);
  t.regex(
    out,
    /^niah_mq8@2600 search\/0\/0: at most 2\d{3} tokens, the answer at .*% of the context\n/,
  );
  t.regex(out, /\n--- context, 2\d{3} tokens\n<s>.*Some.secret.numbers/);
  t.regex(out, /\n\[\.\.\. \d+ characters; --full shows them \.\.\.\]\n/);
  t.regex(
    out,
    /\n--- question and start of the answer, \d+ tokens\n.*What.is.the.secret.number.*.is:\n/,
  );
  t.regex(
    out,
    /\n--- gold answer, \d+ tokens\n.\d{7}\n--- references; .* at most 24 tokens\n\d{7}\n\n$/,
  );
  const full = await runCaught([...args, '--full']);
  t.false(full.out.includes('--full'));
  t.true(full.out.length > out.length);
});

test('several prompts of a split come as one JSON object a line', async (t) => {
  const home = await temporaryFolder(t);
  const args = ['task', 'sample', 'infinite_bench/passkey@1500', '--model', 'tiny', '--home', home];
  const { out } = await runCaught([...args, '--split', 'test', '--n', '3', '--json']);
  const samples = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  t.deepEqual(
    samples.map(({ id }) => id),
    ['test/0/0', 'test/1/0', 'test/2/0'],
  );
  for (const { context, gold, references, task, depth } of samples) {
    t.is(task, 'infinite_bench/passkey@1500');
    t.true(context.text.includes(references[0]) && gold.text.endsWith(references[0]));
    t.true(context.tokens > 1300 && depth >= 0 && depth < 1);
  }
});

test('an essay haystack of the user is in the prompt', async (t) => {
  const home = await temporaryFolder(t);
  const haystack = join(home, 'own.txt');
  await writeFile(haystack, 'Zebras graze quietly. '.repeat(500));
  const { out } = await runCaught(
    ['task', 'sample', 'ruler/niah_single_2@1500', '--model', 'tiny', '--home', home].concat([
      '--haystack',
      haystack,
    ]),
  );
  t.regex(out, /Zebras.graze.quietly\./);
});

test('a prompt that needs data, an unknown task and a bad count are refused with the cure', async (t) => {
  const home = await temporaryFolder(t);
  const sample = (id: string, ...rest: string[]) =>
    runCaught(['task', 'sample', id, '--model', 'tiny', '--home', home, ...rest]);
  const data = await sample('ruler/qa_1', '--data', home);
  t.is(data.code, 1);
  t.regex(data.err, /Get dev-v2\.0\.json from .*--data DIR, or use ruler\/generated/);
  t.regex((await runCaught(['task', 'show', 'rular'])).err, /did you mean ruler\?/);
  t.regex((await runCaught(['task', 'show', 'ruler/generate'])).err, /did you mean generated\?/);
  t.regex((await sample('niah_mq8', '--n', '0')).err, /at least 1 for n/);
});
