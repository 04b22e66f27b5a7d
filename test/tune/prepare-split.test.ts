import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import anyTest, { type TestFn } from 'ava';
import { Engine } from '../../ts/engine/engine.js';
import { resolveTask } from '../../ts/tasks/registry.js';
import type { Task } from '../../ts/tasks/task.js';
import { resolveModelFile } from '../../ts/tune/model-file.js';
import { renderSplit, type SplitLimits } from '../../ts/tune/prepare-split.js';
import { toyContexts, toyQuestions } from '../helpers/toy-task.js';

const test = anyTest as TestFn<{ engine: Engine; home: string }>;

test.before(async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'sparsetune-test-'));
  t.context.home = home;
  const { path, fingerprint } = await resolveModelFile('tiny', { home });
  t.context.engine = await Engine.load(path, { fingerprint, threads: 1, snapshotFolder: home });
});

test.after.always((t) => rm(t.context.home, { recursive: true, force: true }));

const render = (engine: Engine, limits?: SplitLimits, length = 300) =>
  renderSplit(engine, resolveTask(`toy/scored@${length}`), 'test', limits);

test('without limits all questions are rendered, and know how they are asked', async (t) => {
  const { contexts, questions, asked } = await render(t.context.engine);
  t.is(contexts.length, toyContexts);
  t.is(questions.length, toyContexts * toyQuestions);
  t.deepEqual(
    asked.map(({ id }) => id),
    questions.map(({ id }) => id),
  );
});

test('few questions are spread over the contexts, and contexts without one are left out', async (t) => {
  const all = await render(t.context.engine);
  for (const maxQuestions of [1, 2, toyContexts, 5]) {
    const { contexts, questions, grade, asked } = await render(t.context.engine, { maxQuestions });
    t.is(contexts.length, Math.min(maxQuestions, toyContexts));
    t.deepEqual(
      questions.map(({ id, promptTokens }) => [id, promptTokens]),
      all.questions.slice(0, maxQuestions).map(({ id, promptTokens }) => [id, promptTokens]),
    );
    for (const { id, context } of questions) t.true(id.startsWith(contexts[context]?.id ?? '?'));
    t.is(asked.length, maxQuestions);
    t.is(grade(0, 'a').score, all.grade(0, 'a').score);
  }
});

test('a split without questions, or with one id twice, is refused', async (t) => {
  const { engine } = t.context;
  const toy = resolveTask('toy/scored@300');
  const changed = (contexts: Task['contexts']): Task => ({ ...toy, contexts });
  await t.throwsAsync(
    renderSplit(
      engine,
      changed(() => []),
      'test',
    ),
    { code: 'ERR_TASK', message: /toy\/scored@300 \(test\) has no questions/ },
  );
  const sameIds = changed(async (...about) => {
    const contexts = await toy.contexts(...about);
    return contexts.map((context) => ({
      ...context,
      questions: context.questions.map((question, i) => ({ ...question, id: `q${i}` })),
    }));
  });
  await t.throwsAsync(renderSplit(engine, sameIds, 'test'), {
    code: 'ERR_TASK',
    message: /have the id "q0"\. Give each its own/,
  });
});

test('contexts are cut and answers bounded, where they are longer', async (t) => {
  const { engine } = t.context;
  const whole = await render(engine);
  const cut = await render(engine, { maxContextLength: 100, maxNewTokens: 2 });
  t.deepEqual(cut.contexts[0]?.tokens, whole.contexts[0]?.tokens.slice(0, 100));
  t.true(cut.questions.every(({ maxNewTokens }) => maxNewTokens === 2));
  const middle = await render(engine, { maxContextLength: 100, truncate: 'middle' });
  t.deepEqual(middle.contexts[0]?.tokens.slice(50), whole.contexts[0]?.tokens.slice(-50));
  const loose = await render(engine, { maxContextLength: 4000, maxNewTokens: 500 });
  t.deepEqual(loose.contexts, whole.contexts);
  t.deepEqual(loose.questions, whole.questions);
});

test('a prompt that is too long for the model fits when it is cut', async (t) => {
  const { engine } = t.context;
  await t.throwsAsync(render(engine, {}, 5000), {
    code: 'ERR_TASK',
    message: /scored@4096 or less/,
  });
  t.is((await render(engine, { maxContextLength: 4000 }, 5000)).contexts[0]?.tokens.length, 4000);
});
