import test from 'ava';
import { noiseLine } from '../../../ts/tasks/haystack.js';
import { resolveTask, resolveTasks } from '../../../ts/tasks/registry.js';
import { questionsOf } from '../../helpers/generated-tasks.js';

test('passkey: five digits, said twice in one line of the filler', async (t) => {
  for (const { text, question } of await questionsOf(t, 'infinite_bench/passkey@1100')) {
    const [key = ''] = question.references;
    t.regex(key, /^\d{5}$/);
    const others = text
      .split('\n')
      .slice(2, -1)
      .filter((line) => line !== noiseLine);
    t.deepEqual(others, [`The pass key is ${key}. Keep it in mind: ${key} is the pass key.`]);
  }
});

test('number_string: ten digits, of which five are doubled', async (t) => {
  for (const { text, question } of await questionsOf(t, 'infinite_bench/number_string@1100')) {
    const [digits = ''] = question.references;
    t.regex(digits, /^\d{10}$/);
    t.is(text.split(digits).length - 1, 2);
    // Five digits, each doubled some times: at most five runs.
    t.true((digits.match(/(\d)\1*/g) ?? []).length <= 5);
  }
});

test('kv_retrieval: the answer is the value of the key in a JSON object', async (t) => {
  for (const { text, question } of await questionsOf(t, 'infinite_bench/kv_retrieval@1100')) {
    const pairs = JSON.parse(text.split('JSON data:\n')[1] ?? '');
    const key = /^Key: "(.*)"\n$/.exec(question.question)?.[1] ?? '';
    t.true(Object.keys(pairs).length > 5);
    t.is(pairs[key], question.gold);
    t.is(question.depth, Object.keys(pairs).indexOf(key) / Object.keys(pairs).length);
  }
});

test('math_find: each kind of question is asked and the answer is right', async (t) => {
  const kinds = new Map<string, (sorted: readonly number[]) => number>([
    ['largest number', (sorted) => sorted.at(-1) as number],
    ['second largest number', (sorted) => distinct(sorted).at(-2) as number],
    ['third largest number', (sorted) => distinct(sorted).at(-3) as number],
    ['smallest number', (sorted) => sorted[0] as number],
    ['second smallest number', (sorted) => distinct(sorted)[1] as number],
    ['third smallest number', (sorted) => distinct(sorted)[2] as number],
    ['median', (sorted) => (middle(sorted, 0) + middle(sorted, 1)) / 2],
  ]);
  const seen = new Set<string | undefined>();
  const answers = new Set<string>();
  for (const length of [200, 1100]) {
    for (const { text, question } of await questionsOf(t, `infinite_bench/math_find@${length}`)) {
      const list: number[] = JSON.parse(/\[.*\]/.exec(text)?.[0] ?? '');
      t.true(list.every((value) => Number.isInteger(value) && value >= 0 && value <= 99));
      const kind = /^What is the (.*) of the list/.exec(question.question)?.[1] ?? '';
      const sorted = list.toSorted((a, b) => a - b);
      t.is(Number(question.references[0]), kinds.get(kind)?.(sorted) ?? Number.NaN);
      // Python's median of an even number of values is a float even where it is whole.
      t.is(/\./.test(question.references[0] ?? ''), kind === 'median' && list.length % 2 === 0);
      seen.add(kind);
      answers.add(`${kind} ${question.references[0]}`);
    }
  }
  t.is(seen.size, 7);
  t.true(answers.size > 30);
});

function distinct(values: readonly number[]): number[] {
  return [...new Set(values)];
}

/** Of an odd number of values twice the same one. */
function middle(sorted: readonly number[], which: 0 | 1): number {
  return sorted[Math.floor((sorted.length - 1 + which) / 2)] as number;
}

test('math_calc: the values are those of the expression and stay in 0 to 99, as in its example', async (t) => {
  for (const { text, question } of await questionsOf(t, 'infinite_bench/math_calc@1100')) {
    const [example = '', item = ''] = [...text.matchAll(/Expression: (.*)/g)].map(
      ([, found]) => found,
    );
    t.deepEqual(running(item).map(String), [...question.references]);
    t.deepEqual(running(example), JSON.parse(/Values: (\[.*\])/.exec(text)?.[1] ?? ''));
    t.true(running(item).every((value) => value >= 0 && value <= 99));
    t.true(question.references.length > 64);
    t.is(question.gold, question.references.slice(0, 64).join(', '));
  }
});

function running(expression: string): number[] {
  const values: number[] = [];
  for (const [, sign, term] of expression.matchAll(/(^|[+-] )(\d+)/g))
    values.push((values.at(-1) ?? 0) + (sign === '- ' ? -1 : 1) * Number(term));
  return values.slice(1);
}

for (const [length, depths] of [
  [1100, [2, 3, 4]],
  [6000, [2, 4, 6, 8, 10]],
] as const) {
  test(`code_run at ${length}: running the functions gives the answer through ${depths.join(', ')} calls`, async (t) => {
    const seen = new Set<number>();
    for (const { text, question } of await questionsOf(t, `infinite_bench/code_run@${length}`)) {
      const bodies = new Map<string, string>();
      for (const [, name = '', body = ''] of text.matchAll(
        /def (func_\d+)\(x\):\n {4}return (.*)\n/g,
      ))
        bodies.set(name, body);
      t.is(bodies.size, (text.match(/def /g) ?? []).length);
      const [, name = '', x] = /(func_\d+)\((-?\d+)\)/.exec(question.question) ?? [];
      const { value, calls } = run(bodies, name, Number(x));
      t.is(question.references[0], String(value));
      t.is(question.gold, ` ${value}`);
      seen.add(calls);
    }
    t.deepEqual(
      [...seen].sort((a, b) => a - b),
      [...depths],
    );
  });
}

/** What a function returns, and through how many functions. */
function run(
  bodies: ReadonlyMap<string, string>,
  name: string,
  x: number,
): { value: number; calls: number } {
  const [, inner = '', sign, c] =
    /^(x|func_\d+)(?:\(x\))?(?: ([+-]) (\d+))?$/.exec(bodies.get(name) ?? '') ?? [];
  const before = inner === 'x' ? { value: x, calls: 0 } : run(bodies, inner, x);
  return {
    value: before.value + (sign === '-' ? -1 : 1) * Number(c ?? 0),
    calls: before.calls + 1,
  };
}

test('an answer may use as many tokens as InfiniteBench gives it', async (t) => {
  for (const [name, tokens] of [
    ['passkey', 26],
    ['number_string', 32],
    ['kv_retrieval', 70],
    ['math_find', 23],
    ['code_run', 25],
  ] as const) {
    const [first] = await questionsOf(t, `infinite_bench/${name}@1100`);
    t.is(first?.question.maxNewTokens, tokens);
  }
});

test('with a length the name is the generator of each task, with a folder its data', (t) => {
  const made = ['passkey', 'number_string', 'kv_retrieval', 'math_find', 'math_calc', 'code_run'];
  const tasks = resolveTasks(['infinite_bench/generated@2048']);
  t.deepEqual(
    tasks.map(({ id, parameters }) => [id, 'seed' in parameters]),
    made.map((name) => [`infinite_bench/${name}@2048`, true]),
  );
  t.is(resolveTasks(['infinite_bench@2048']).length, 12);
  const ofData = { data: 'MaxJeblick/InfiniteBench' };
  t.like(resolveTask('infinite_bench/passkey').parameters, ofData);
  t.like(resolveTask('infinite_bench/code_debug@2048').parameters, ofData);
  const { parameters } = resolveTask('infinite_bench/passkey@2048', { data: '.' });
  t.like(parameters, { length: 2048, data: 'folder' });
});
