import test from 'ava';
import fc from 'fast-check';
import { resolveTask } from '../../ts/tasks/registry.js';
import { splits, type TaskQuestion } from '../../ts/tasks/task.js';
import {
  chatTemplate,
  contextsOf,
  freshContexts,
  type GeneratedName,
  generatedNames,
  questionsOf,
  tokensOf,
  unitTokens,
} from '../helpers/generated-tasks.js';
import { toyTools } from '../helpers/toy-tokenizer.js';

const anyTask = fc.constantFrom(...generatedNames);
const anyLength = fc.integer({ min: 1100, max: 3000 });
const anyStyle = fc.constantFrom('plain' as const, 'chat' as const);

test('at any length a context fits, and one more unit would not', async (t) => {
  await fc.assert(
    fc.asyncProperty(anyTask, anyLength, anyStyle, async (name, length, promptStyle) => {
      const tools = toyTools(chatTemplate);
      const task = resolveTask(`${name}@${length}`, { promptStyle });
      for (const context of (await task.contexts('search', tools)).slice(0, 3)) {
        const tokens = tokensOf(context, promptStyle, tools);
        t.true(tokens <= length, `${task.id} ${promptStyle}: ${tokens}`);
        t.true(tokens > length - unitTokens[name], `${task.id} ${promptStyle}: ${tokens}`);
      }
    }),
    { numRuns: 30, seed: 8 },
  );
});

test('a length that is too short is refused with one that every split can take', async (t) => {
  for (const name of generatedNames) {
    const make = async (length: number, split: (typeof splits)[number]) =>
      resolveTask(`${name}@${length}`, { promptStyle: 'plain' }).contexts(split, toyTools());
    const error = await t.throwsAsync(make(60, 'search'), { code: 'ERR_TASK' }, name);
    t.regex(error.message, new RegExp(`^${name}@60 is too short: `));
    const length = Number(/@(\d+) or more/.exec(error.message)?.[1]);
    for (const split of splits) await t.notThrowsAsync(make(length, split), `${name} ${split}`);
  }
});

const answers = test.macro({
  async exec(t, name: GeneratedName) {
    const asked = await questionsOf(t, `${name}@1100`);
    t.is(new Set(asked.map(({ question }) => question.id)).size, 40);
    for (const { question } of asked) {
      const { gold, references, answerPrefix } = question;
      t.true(references.length > 0);
      t.regex(answerPrefix, /\S$/);
      t.true(gold?.startsWith(' ') || /["[]$/.test(answerPrefix));
      const task = resolveTask(`${name}@1100`);
      t.is(task.score(goldAnswer(name, question), question), 1);
      t.is(task.score('', question), 0);
      t.true((task.about?.measures ?? '') !== '' && (task.about?.metric ?? '') !== '');
    }
  },
  title: (_, name) => `${name}: the right answer scores 1, none scores 0`,
});

for (const name of generatedNames) test(answers, name);

/** What a model that knows answers; of a long list of values the gold answer is the beginning alone. */
function goldAnswer(name: GeneratedName, { gold, references }: TaskQuestion): string {
  return name === 'infinite_bench/math_calc' ? references.join(', ') : `${gold}`;
}

const apart = test.macro({
  async exec(t, name: GeneratedName) {
    const values = await Promise.all(
      splits.map(async (split) =>
        (await contextsOf(`${name}@1100`, split)).flatMap(({ questions }) =>
          questions.flatMap(({ references }) => references),
        ),
      ),
    );
    const all = values.flatMap((some) => [...new Set(some)]);
    t.is(new Set(all).size, all.length);
  },
  title: (_, name) => `${name}: no answer of one split is in another`,
});

// Where answers are few (0 to 99, English words) the contexts differ, not every value.
for (const name of generatedNames.filter((each) => !/math|code_run|cwe/.test(each)))
  test(apart, name);

test('no two contexts of any splits are the same', async (t) => {
  for (const name of generatedNames) {
    const asked = await questionsOf(t, `${name}@1100`);
    t.is(new Set(asked.map(({ text }) => text)).size, asked.length, name);
  }
});

test('the same id gives the same prompts, whatever was made before', async (t) => {
  for (const name of generatedNames)
    t.deepEqual(await freshContexts(`${name}@1100`), await contextsOf(`${name}@1100`), name);
});

const nested = generatedNames.filter((name) => /niah|vt|fwe|passkey|number_string/.test(name));

test('a longer context hides the same answers', async (t) => {
  for (const name of nested) {
    const at = async (length: number) =>
      (await contextsOf(`${name}@${length}`)).map(({ questions }) => questions[0]?.references);
    t.deepEqual(await at(1100), await at(2500), name);
  }
});

test('needles of a split lie at depths spread over the whole text', async (t) => {
  const single = /single|multikey|passkey|number_string|kv_retrieval/;
  for (const name of generatedNames.filter((each) => single.test(each))) {
    for (const split of ['search', 'test'] as const) {
      const contexts = await contextsOf(`${name}@3000`, split);
      const depths = contexts.map(({ questions }) => questions[0]?.depth ?? -1);
      const sorted = depths.toSorted((a, b) => a - b);
      t.true((sorted[0] as number) >= 0 && (sorted.at(-1) as number) < 1, name);
      // One in each of as many equal parts, give or take what a unit and RULER's forty depths shift.
      for (const [i, depth] of sorted.entries())
        t.true(Math.abs(depth - (i + 0.5) / sorted.length) < 0.5 / sorted.length + 0.06, name);
      t.notDeepEqual(depths, sorted, name);
    }
  }
});

test('an answer is settled only where no continuation changes its score', async (t) => {
  for (const name of generatedNames) {
    const task = resolveTask(`${name}@1100`, { promptStyle: 'plain' });
    const [context] = await contextsOf(`${name}@1100`);
    const question = context?.questions[0] as TaskQuestion;
    const [first = ''] = question.references;
    const some = [first, `${question.gold}`, first.slice(0, 1), first.slice(1)];
    const piece = fc.constantFrom(...some, ...some, ' ', '.', ',', '\n', '"', 'a', '5');
    const text = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(text, text, (start, rest) => {
        if (task.isSettled?.(start, question) !== true) return;
        t.is(task.score(start + rest, question), task.score(start, question), name);
      }),
      { numRuns: 3000, seed: 3 },
    );
  }
});

test('a right answer with an end settles, so that generation stops early', async (t) => {
  for (const name of generatedNames.filter((each) => !each.endsWith('code_run'))) {
    const task = resolveTask(`${name}@1100`, { promptStyle: 'plain' });
    const [context] = await task.contexts('search', toyTools());
    const question = context?.questions[0] as TaskQuestion;
    t.true(task.isSettled?.(`${goldAnswer(name, question)},\n`, question), name);
  }
});

test("each benchmark's own scale counts right answers", async (t) => {
  const contexts = await contextsOf('ruler/vt@1100', 'validation');
  const task = resolveTask('ruler/vt@1100');
  const given = contexts.map(({ questions: [question] }, i) => ({
    question: question as TaskQuestion,
    prediction: i < 3 ? `${question?.gold}` : '',
  }));
  t.deepEqual(task.upstreamScale?.(given), { overall: 18.75, vt: 18.75 });
  t.deepEqual(task.upstreamScale?.([]), { overall: null });
});
