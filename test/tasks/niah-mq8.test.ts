import test from 'ava';
import { niahMq8 } from '../../ts/tasks/niah-mq8.js';
import { longestRun, renderContext } from '../../ts/tasks/prompt.js';
import { toyTools } from '../helpers/toy-tokenizer.js';

const splits = ['search', 'validation', 'test'] as const;

test('a split has its contexts with eight questions each, all ids unique', async (t) => {
  for (const [split, count] of [
    ['search', 4],
    ['validation', 8],
  ] as const) {
    const contexts = await niahMq8().contexts(split, toyTools());
    t.is(contexts.length, count);
    const ids = contexts.flatMap(({ questions }) => questions.map(({ id }) => id));
    t.is(new Set(ids).size, count * 8);
  }
});

test('the same id gives the same prompts', async (t) => {
  const task = niahMq8({ length: 1024 });
  t.deepEqual(
    await task.contexts('search', toyTools()),
    await niahMq8({ length: 1024 }).contexts('search', toyTools()),
  );
});

test('the splits and the contexts share no key and no number', async (t) => {
  const contexts = await Promise.all(splits.map((split) => niahMq8().contexts(split, toyTools())));
  const questions = contexts.flat().flatMap((context) => context.questions);
  t.is(new Set(questions.map(({ gold }) => gold)).size, questions.length);
  t.is(new Set(questions.map(({ question }) => question)).size, questions.length);
});

test('every needle stands in its own eighth of the text, word for word', async (t) => {
  for (const { text, questions } of await niahMq8({ length: 2048 }).contexts(
    'search',
    toyTools(),
  )) {
    for (const [stratum, { answerPrefix, gold, depth = -1 }] of questions.entries()) {
      t.true(text.includes(`${answerPrefix.trim().replace(/^The/, 'A')}${gold}.\n`));
      t.is(Math.floor(depth * 8), stratum);
    }
  }
});

for (const length of [512, 777, 2048]) {
  for (const promptStyle of ['plain', 'chat'] as const) {
    test(`at ${length} tokens, ${promptStyle}, a context is as long as it may be and no longer`, async (t) => {
      const tools = toyTools("<|user|>{{ messages[0]['content'] }}<|assistant|>");
      const special = { bosToken: '', eosToken: '', bosId: 1 };
      for (const context of await niahMq8({ length, promptStyle }).contexts('search', tools)) {
        const tokens = longestRun(renderContext(context, promptStyle, tools, special));
        t.true(tokens <= length);
        t.true(tokens > length - 25, `${tokens} of ${length}`);
      }
    });
  }
}

test('a longer context has the same needles', async (t) => {
  const golds = async (length: number) => {
    const contexts = await niahMq8({ length }).contexts('validation', toyTools());
    return contexts.map((context) => context.questions.map((question) => question.gold));
  };
  t.deepEqual(await golds(512), await golds(4096));
});

test('a length that cannot hold eight needles names the smallest that can', async (t) => {
  const make = async (length: number) => niahMq8({ length }).contexts('search', toyTools());
  const error = await t.throwsAsync(make(100), { code: 'ERR_TASK' });
  const length = Number(/niah_mq8@(\d+) or more/.exec(error.message)?.[1]);
  await t.notThrowsAsync(make(length));
});

test('an answer scores by its number alone', async (t) => {
  const task = niahMq8();
  const [context] = await task.contexts('search', toyTools());
  const question = context?.questions[0];
  if (question === undefined) return t.fail();
  t.is(task.score(`${question.gold}.\nThe lake`, question), 1);
  t.is(task.score(' 0000000', question), 0);
});
