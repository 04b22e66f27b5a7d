import test from 'ava';
import { longestRun, maxGoldTokens, renderContext } from '../../ts/tasks/prompt.js';
import type { TaskContext, TaskQuestion, TaskTools } from '../../ts/tasks/task.js';
import { toyTools } from '../helpers/toy-tokenizer.js';

const context: TaskContext = {
  id: 'search/0',
  text: 'The key is 42.\n',
  questions: [
    {
      id: 'search/0/0',
      question: 'What is the key?',
      answerPrefix: ' The key is:',
      gold: ' 42',
      references: ['42'],
      maxNewTokens: 24,
    },
  ],
};

const chatMl =
  "{{ bos_token }}{% for m in messages %}{{ '<|user|>' + m['content'] + '<|end|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}";

function render(
  style: 'chat' | 'plain',
  tools: TaskTools,
  special?: Parameters<typeof renderContext>[3],
  changes: Partial<TaskQuestion> = {},
) {
  const questions = context.questions.map((question) => ({ ...question, ...changes }));
  const rendered = renderContext({ ...context, questions }, style, tools, special);
  const [first] = rendered.questions;
  if (first === undefined) throw new Error('no question');
  return {
    rendered,
    prompt: tools.detokenize(first.promptTokens),
    gold: tools.detokenize(first.goldTokens ?? new Int32Array()),
  };
}

test('plain style joins context, question and prefix', (t) => {
  const { rendered, prompt, gold } = render('plain', toyTools());
  t.is(rendered.contextText, 'The key is 42.\n');
  t.is(prompt, 'What is the key? The key is:');
  t.is(gold, ' 42');
});

test('chat style ends the user turn with the question and starts the answer with the prefix', (t) => {
  const tools = toyTools(chatMl);
  const { rendered, prompt, gold } = render('chat', tools, {
    bosToken: '<|bos|>',
    eosToken: '',
    bosId: 999,
  });
  t.is(rendered.contextText, '<|user|>The key is 42.\n');
  t.is(prompt, 'What is the key?<|end|><|assistant|>The key is:');
  t.is(gold, ' 42');
});

test('a model that wants a begin-of-text token gets exactly one', (t) => {
  const tools = toyTools(chatMl);
  const special = { bosToken: '<|bos|>', eosToken: '', bosId: 999 };
  for (const style of ['chat', 'plain'] as const) {
    const { contextTokens } = renderContext(context, style, tools, special);
    t.is(contextTokens[0], 999);
    t.false(tools.detokenize(contextTokens.slice(1)).includes('<|bos|>'));
  }
  t.true(
    renderContext(context, 'chat', tools, { ...special, bosId: undefined }).contextText.startsWith(
      '<|bos|>',
    ),
  );
});

test('a tokenizer that puts a blank before a lone text does not put it into the gold tokens', (t) => {
  const toy = toyTools();
  const tools: TaskTools = { ...toy, tokenize: (text) => toy.tokenize(` ${text}`) };
  t.is(render('plain', tools).gold, ' 42');
});

test('gold has no blank of its own where the prompt ends with one or with a new line', (t) => {
  const gold = (answerPrefix: string, template?: string) =>
    render(template === undefined ? 'plain' : 'chat', toyTools(template), undefined, {
      answerPrefix,
    }).gold;
  t.is(gold('\nAnswer:\n'), '42');
  t.is(gold('\nAnswer:'), ' 42');
  t.is(gold('', `${chatMl}{{ '\\n' }}`), '42');
});

test('gold is cut where teacher forcing ends, and may be absent', (t) => {
  const long = render('plain', toyTools(), undefined, { gold: ' word'.repeat(maxGoldTokens + 9) });
  t.is(long.gold, ' word'.repeat(maxGoldTokens));
  for (const gold of [undefined, '']) {
    const { rendered } = render('plain', toyTools(), undefined, { gold });
    t.false('goldTokens' in (rendered.questions[0] ?? {}));
    t.is(longestRun(rendered), longestRun(render('plain', toyTools()).rendered));
  }
});

test('the longest run counts context, prompt and the answer limit', (t) => {
  const { rendered } = render('plain', toyTools());
  const [question] = rendered.questions;
  t.is(
    longestRun(rendered),
    rendered.contextTokens.length + (question?.promptTokens.length ?? 0) + 24,
  );
});

test('a chat prompt without a template says how to go on', (t) => {
  t.throws(() => render('chat', toyTools()), { code: 'ERR_TASK', message: /--prompt plain/ });
});

test('a template that drops or doubles the text is refused', (t) => {
  t.throws(() => render('chat', toyTools('no messages here')), {
    code: 'ERR_TASK',
    message: /keep the user's text/,
  });
  t.throws(
    () => render('chat', toyTools("{{ messages[0]['content'] }}{{ messages[0]['content'] }}")),
    { code: 'ERR_TASK' },
  );
});

test('a broken template is named with its error', (t) => {
  t.throws(() => render('chat', toyTools('{% for %}')), {
    code: 'ERR_TASK',
    message: /could not be rendered/,
  });
});

const words = Array.from({ length: 100 }, (_, i) => ` w${String.fromCharCode(97 + (i % 26))}`);

const cuts = test.macro({
  exec(t, style: 'plain' | 'chat', truncate: 'head' | 'middle') {
    const tools = toyTools(chatMl);
    const special = { bosToken: '<|bos|>', eosToken: '', bosId: 999 };
    const text = words.join('');
    const whole = renderContext({ ...context, text }, style, tools, special);
    const length = longestRun(whole) - 40;
    const cut = renderContext(
      { ...context, text, cut: { length, truncate } },
      style,
      tools,
      special,
    );
    t.is(longestRun(cut), length);
    t.is(cut.contextTokens[0], 999);
    t.deepEqual(cut.questions, whole.questions);
    const ends = (tokens: Int32Array) => tokens.slice(-5).join();
    t.is(ends(cut.contextTokens) === ends(whole.contextTokens), truncate === 'middle');
    const fits = renderContext(
      { ...context, text, cut: { length: longestRun(whole), truncate } },
      style,
      tools,
      special,
    );
    t.deepEqual(fits.contextTokens, whole.contextTokens);
  },
  title: (_, style, truncate) => `a context is cut to the length, ${style} ${truncate}`,
});

for (const style of ['plain', 'chat'] as const) {
  test(cuts, style, 'head');
  test(cuts, style, 'middle');
}

test('a length without room for a context says the least', (t) => {
  const text = words.join('');
  const at = (length: number) => () =>
    renderContext({ ...context, text, cut: { length, truncate: 'head' } }, 'plain', toyTools());
  const error = t.throws(at(40), { code: 'ERR_TASK', message: /@40 leaves no room for a context/ });
  const least = Number(/Use @(\d+) or more/.exec(error?.message ?? '')?.[1]);
  t.throws(at(least - 1), { code: 'ERR_TASK' });
  t.notThrows(at(least));
});

test('of a text far longer than the length only what may be left is tokenised', (t) => {
  const text = words.join('').repeat(400);
  const cutBy = (truncate: 'head' | 'middle', tools = toyTools()) => {
    const cut = { length: 100, truncate };
    return renderContext({ ...context, text, cut }, 'plain', tools).contextTokens;
  };
  for (const truncate of ['head', 'middle'] as const) {
    const toy = toyTools();
    const all = toy.tokenize(text);
    let longest = 0;
    const tokenize = (part: string) => {
      longest = Math.max(longest, part.length);
      return toy.tokenize(part);
    };
    const kept = cutBy(truncate, { ...toy, tokenize });
    const first = truncate === 'head' ? kept.length : Math.ceil(kept.length / 2);
    t.deepEqual(kept.slice(0, first), all.slice(0, first));
    t.deepEqual(kept.slice(first), all.slice(all.length - kept.length + first));
    t.true(longest < text.length / 10);
  }
});

test('a text of tokens beyond all reach is cut as any other', (t) => {
  const text = ` ${'w'.repeat(3000)}`.repeat(90);
  const cut = { length: 100, truncate: 'middle' } as const;
  const { contextTokens, questions } = renderContext(
    { ...context, text, cut },
    'plain',
    toyTools(),
  );
  t.is(contextTokens.length, 100 - (questions[0]?.promptTokens.length ?? 0) - 24);
});
