import test from 'ava';
import { niahMq8 } from '../../ts/tasks/niah-mq8.js';
import { longestRun, renderContext } from '../../ts/tasks/prompt.js';
import { toyTools } from '../helpers/toy-tokenizer.js';

const splits = ['search', 'validation'] as const;

test('a split has its contexts with eight questions each, all ids unique', (t) => {
  for (const [split, count] of [
    ['search', 4],
    ['validation', 8],
  ] as const) {
    const contexts = niahMq8().contexts(split, toyTools());
    t.is(contexts.length, count);
    const ids = contexts.flatMap(({ questions }) => questions.map(({ id }) => id));
    t.is(new Set(ids).size, count * 8);
  }
});

test('the same id gives the same prompts', (t) => {
  const task = niahMq8({ length: 1024 });
  t.deepEqual(
    task.contexts('search', toyTools()),
    niahMq8({ length: 1024 }).contexts('search', toyTools()),
  );
});

test('the splits and the contexts share no key and no number', (t) => {
  const questions = splits.flatMap((split) =>
    niahMq8()
      .contexts(split, toyTools())
      .flatMap((c) => c.questions),
  );
  t.is(new Set(questions.map(({ gold }) => gold)).size, questions.length);
  t.is(new Set(questions.map(({ question }) => question)).size, questions.length);
});

test('every needle stands in its own eighth of the text, word for word', (t) => {
  for (const { text, questions } of niahMq8({ length: 2048 }).contexts('search', toyTools())) {
    for (const [stratum, { answerPrefix, gold, depth = -1 }] of questions.entries()) {
      t.true(text.includes(`${answerPrefix.trim().replace(/^The/, 'A')}${gold}.\n`));
      t.is(Math.floor(depth * 8), stratum);
    }
  }
});

for (const length of [512, 777, 2048]) {
  for (const promptStyle of ['plain', 'chat'] as const) {
    test(`at ${length} tokens, ${promptStyle}, a context is as long as it may be and no longer`, (t) => {
      const tools = toyTools("<|user|>{{ messages[0]['content'] }}<|assistant|>");
      const special = { bosToken: '', eosToken: '', bosId: 1 };
      for (const context of niahMq8({ length, promptStyle }).contexts('search', tools)) {
        const tokens = longestRun(renderContext(context, promptStyle, tools, special));
        t.true(tokens <= length);
        t.true(tokens > length - 25, `${tokens} of ${length}`);
      }
    });
  }
}

test('a longer context has the same needles', (t) => {
  const golds = (length: number) =>
    niahMq8({ length })
      .contexts('validation', toyTools())
      .map((c) => c.questions.map((q) => q.gold));
  t.deepEqual(golds(512), golds(4096));
});

test('a length that cannot hold eight needles names the smallest that can', (t) => {
  const error = t.throws(() => niahMq8({ length: 100 }).contexts('search', toyTools()), {
    code: 'ERR_TASK',
  });
  const length = Number(/niah_mq8@(\d+) or more/.exec(error.message)?.[1]);
  t.notThrows(() => niahMq8({ length }).contexts('search', toyTools()));
});

test('an answer scores by its number alone', (t) => {
  const task = niahMq8();
  const question = task.contexts('search', toyTools())[0]?.questions[0];
  if (question === undefined) return t.fail();
  t.is(task.score(`${question.gold}.\nThe lake`, question), 1);
  t.is(task.score(' 0000000', question), 0);
});
