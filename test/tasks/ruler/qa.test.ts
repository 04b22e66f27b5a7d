import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { resolveTask, resolveTasks } from '../../../ts/tasks/registry.js';
import { splits, type Task } from '../../../ts/tasks/task.js';
import { nestedParquetOf } from '../../helpers/data-rows.js';
import { temporaryFolder } from '../../helpers/folder.js';
import { tokensOf } from '../../helpers/generated-tasks.js';
import { startHubServer } from '../../helpers/hub-server.js';
import { toyTools } from '../../helpers/toy-tokenizer.js';

process.env['HF_HUB_OFFLINE'] = '1'; // no test asks the hub itself

/** A file in the form of SQuAD v2: articles of five paragraphs, one of them without an answerable question. */
function squad(articles: number) {
  return {
    version: 'v2.0',
    data: Array.from({ length: articles }, (_, a) => ({
      title: `Article ${a}`,
      paragraphs: Array.from({ length: 5 }, (_, p) => ({
        context: `Paragraph ${p} of article ${a} says that its colour is hue${a}x${p}. It says no more.`,
        qas: [
          {
            id: `${a}-${p}-1`,
            question: `What is the colour of paragraph ${p} of article ${a}?`,
            is_impossible: p === 4,
            answers:
              p === 4
                ? []
                : [`hue${a}x${p}`, `hue${a}x${p}`, `its colour is hue${a}x${p}`].map((text) => ({
                    text,
                    answer_start: 0,
                  })),
          },
          {
            id: `${a}-${p}-0`,
            question: 'What does it not say?',
            is_impossible: true,
            answers: [],
            plausible_answers: [{ text: 'more', answer_start: 0 }],
          },
        ],
      })),
    })),
  };
}

/** A file in the form of HotpotQA's distractor setting. */
function hotpot(questions: number) {
  return Array.from({ length: questions }, (_, q) => ({
    _id: `${q}`,
    question: `What do the friends of number ${q} eat?`,
    answer: `dish${q}x`,
    supporting_facts: [[`Title ${q}.0`, 0]],
    context: Array.from({ length: 10 }, (_, d) => [
      `Title ${q}.${d}`,
      [`Sentence one of ${q}.${d}.`, d === 3 ? ` They eat dish${q}x.` : ' Nothing else.'],
    ]),
    type: 'bridge',
    level: 'hard',
  }));
}

async function qaTask(
  t: ExecutionContext,
  subset: 'qa_1' | 'qa_2',
  { content, length = 1200 }: { content?: unknown; length?: number } = {},
): Promise<Task> {
  const data = await temporaryFolder(t);
  const name = subset === 'qa_1' ? 'dev-v2.0.json' : 'hotpot_dev_distractor_v1.json';
  await writeFile(
    join(data, name),
    JSON.stringify(content ?? (subset === 'qa_1' ? squad(30) : hotpot(60))),
  );
  return resolveTask(`ruler/${subset}@${length}`, { data, promptStyle: 'plain' });
}

for (const subset of ['qa_1', 'qa_2'] as const) {
  test(`${subset}: contexts fit, hold the answer once among numbered documents, and share no question`, async (t) => {
    const task = await qaTask(t, subset);
    await t.notThrowsAsync(async () => task.prepare?.());
    t.regex(`${task.parameters['data']}`, /^sha256:[0-9a-f]{16}$/);
    const asked: string[] = [];
    for (const split of splits) {
      const contexts = await task.contexts(split, toyTools());
      t.is(contexts.length, split === 'search' ? 8 : 16);
      for (const context of contexts) {
        const [question] = context.questions;
        const [answer = ''] = question?.references ?? [];
        asked.push(question?.question ?? '');
        const tokens = tokensOf(context, 'plain', toyTools());
        t.true(tokens <= 1200 && tokens > 1120, `${tokens}`);
        const documents = context.text.split(/\n\n(?=Document \d+:\n)/).slice(1);
        documents.forEach((text, i) => {
          t.true(text.startsWith(`Document ${i + 1}:\n`));
        });
        t.true(documents.length > (subset === 'qa_1' ? 20 : 10));
        const holding = documents.filter((text) => text.includes(answer));
        t.is(holding.length, 1);
        t.is(question?.gold, ` ${answer}`);
        if (subset === 'qa_1')
          t.is(question?.depth, documents.indexOf(holding[0] as string) / documents.length);
        t.is(context.text.match(/Answer the question from the documents/g)?.length, 2);
      }
    }
    t.is(new Set(asked).size, 40);
  });
}

test('qa_1: paragraphs of the same article come first, accepted answers once each', async (t) => {
  const task = await qaTask(t, 'qa_1', { length: 320 });
  for (const { text, questions } of await task.contexts('test', toyTools())) {
    const article = / article (\d+)\?/.exec(questions[0]?.question ?? '')?.[1];
    const from = [...text.matchAll(/ of article (\d+) says/g)].map(([, found]) => found);
    t.true(from.length >= 3 && from.length < 12, `${from.length}`);
    const own = from.filter((found) => found === article);
    t.is(own.length, Math.min(5, from.length));
    t.is(questions[0]?.references.length, 2);
  }
});

test('qa_2: the ten documents of a question are all there', async (t) => {
  for (const { text, questions } of await (await qaTask(t, 'qa_2')).contexts(
    'search',
    toyTools(),
  )) {
    const q = /number (\d+) eat/.exec(questions[0]?.question ?? '')?.[1];
    for (let d = 0; d < 10; d++)
      t.true(text.includes(`Title ${q}.${d}\nSentence one of ${q}.${d}.`));
    t.is(questions[0]?.depth, undefined);
  }
});

test('any accepted answer in the text scores', async (t) => {
  const task = await qaTask(t, 'qa_1');
  const [context] = await task.contexts('search', toyTools());
  const question = context?.questions[0];
  if (question === undefined) return t.fail();
  t.is(task.score(`It is ${question.references[0]?.toUpperCase()}, I think`, question), 1);
  t.is(task.score('I do not know', question), 0);
});

test('a small file gives something to every split, and its documents bound the context', async (t) => {
  const task = await qaTask(t, 'qa_1', { content: squad(2), length: 5000 });
  const counts = await Promise.all(splits.map((split) => task.contexts(split, toyTools())));
  t.deepEqual(
    counts.map(({ length }) => length),
    [2, 3, 3],
  );
  for (const { text } of counts.flat()) t.is(text.match(/^Document /gm)?.length, 10);
});

/** The same questions as rows of the hub's data sets. */
function rowsOf(subset: 'qa_1' | 'qa_2'): object[] {
  if (subset === 'qa_2') {
    return hotpot(60).map(({ context, question, answer }) => ({
      question,
      answer,
      context: {
        title: context.map(([title]) => title),
        sentences: context.map(([, sentences]) => sentences),
      },
    }));
  }
  return squad(30).data.flatMap(({ title, paragraphs }) =>
    paragraphs.flatMap(({ context, qas }) =>
      qas.map(({ id, question, answers }) => ({
        id,
        title,
        context,
        question,
        answers: {
          text: answers.map(({ text }) => text),
          answer_start: answers.map(() => 0),
        },
      })),
    ),
  );
}

for (const [subset, repo, config] of [
  ['qa_1', 'rajpurkar/squad_v2', 'squad_v2'],
  ['qa_2', 'hotpotqa/hotpot_qa', 'distractor'],
] as const) {
  test.serial(`${subset}: what is downloaded gives the prompts of the official file`, async (t) => {
    const path = `${config}/validation-00000-of-00001.parquet`;
    const server = await startHubServer({
      repo,
      type: 'dataset',
      commit: 'c'.repeat(40),
      files: {
        [path]: nestedParquetOf(rowsOf(subset)),
        [`${config}/train-00000-of-00001.parquet`]: Buffer.from('no'),
      },
    });
    t.teardown(() => server.close());
    process.env['HF_ENDPOINT'] = server.url;
    delete process.env['HF_HUB_OFFLINE'];
    t.teardown(() => {
      process.env['HF_HUB_OFFLINE'] = '1';
    });
    const home = await temporaryFolder(t);
    const task = resolveTask(`ruler/${subset}@1200`, { home, promptStyle: 'plain' });
    await task.prepare?.();
    t.is(task.parameters['data'], `${repo}@${'c'.repeat(40)}`);
    const official = await qaTask(t, subset);
    t.deepEqual(
      await task.contexts('search', toyTools()),
      await official.contexts('search', toyTools()),
    );
    const data = join(home, 'datasets', repo, 'c'.repeat(40));
    const local = resolveTask(`ruler/${subset}@1200`, { data, promptStyle: 'plain' });
    t.deepEqual(
      await local.contexts('search', toyTools()),
      await official.contexts('search', toyTools()),
    );
  });
}

test('without data the error says which file to get from where, before anything runs', async (t) => {
  const tasks = resolveTasks(['ruler@4096'], {
    promptStyle: 'plain',
    home: await temporaryFolder(t),
  });
  t.is(tasks.length, 13);
  const squadTask = tasks.find(({ id }) => id === 'ruler/qa_1@4096');
  await t.throwsAsync(async () => squadTask?.prepare?.(), {
    code: 'ERR_DATA',
    message:
      /HF_HUB_OFFLINE .* Get dev-v2\.0\.json from .*rajpurkar.* --data DIR, or use ruler\/generated/,
  });
  const data = await temporaryFolder(t);
  const hotpotTask = resolveTask('ruler/qa_2@4096', { data });
  await t.throwsAsync(async () => hotpotTask.prepare?.(), {
    code: 'ERR_DATA',
    message:
      /expected hotpot_dev_distractor_v1\.json or distractor\/validation-\*\.parquet .*Get .* from .*hotpotqa/,
  });
});

const refuses = test.macro({
  async exec(t, subset: 'qa_1' | 'qa_2', content: unknown, message: RegExp) {
    const task = await qaTask(t, subset, { content });
    await t.throwsAsync(async () => task.contexts('search', toyTools()), {
      code: 'ERR_DATA',
      message,
    });
  },
  title: (title = '') => `${title} is refused with its place`,
});

test(
  'a file of another form',
  refuses,
  'qa_1',
  [1, 2],
  /dev-v2\.0\.json is not the file of SQuAD v2\.0: data is not a list/,
);
test(
  'a question without a text',
  refuses,
  'qa_2',
  [{ ...hotpot(1)[0], question: 3 }],
  /question is not a text/,
);
test(
  'a document without sentences',
  refuses,
  'qa_2',
  [{ ...hotpot(1)[0], context: [['T']] }],
  /context is not a list/,
);
test(
  'a file with too few questions',
  refuses,
  'qa_1',
  squad(1),
  /has 4 questions with answers, and 5 are needed/,
);
