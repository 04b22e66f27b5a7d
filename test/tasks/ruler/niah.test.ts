import test from 'ava';
import { noiseLine } from '../../../ts/tasks/haystack.js';
import { findEssay } from '../../../ts/tasks/ruler/essay.js';
import { contextsOf, type GeneratedName, questionsOf } from '../../helpers/generated-tasks.js';

const needle = /A secret (number|code) for (\S+) is: (\S+)\./g;
const words = /^[a-z]+-[a-z]+$/;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const number = /^[1-9]\d{6}$/;

const hides = test.macro({
  async exec(
    t,
    name: string,
    shape: { key: RegExp; value: RegExp; needles: number | 'many'; answers: number },
  ) {
    for (const { text, question } of await questionsOf(t, `ruler/${name}@1536`)) {
      const found = [...text.matchAll(needle)].map(([, noun, key = '', value = '']) => {
        t.is(noun, shape.value === uuid ? 'code' : 'number');
        return { key, value };
      });
      if (shape.needles === 'many') t.true(found.length > 5);
      else t.is(found.length, shape.needles);
      for (const { key, value } of found) {
        t.regex(key, shape.key);
        t.regex(value, shape.value);
      }
      t.is(new Set(found.map(({ value }) => value)).size, found.length);
      const asked = found.filter(({ key }) => question.question.includes(key));
      t.is(question.references.length, shape.answers);
      t.deepEqual(asked.map(({ value }) => value).sort(), question.references.toSorted());
    }
  },
  title: (_, name) => `${name} hides what RULER hides, and the answer is what stands at its keys`,
});

const one = { key: words, value: number, needles: 1, answers: 1 } as const;
test(hides, 'niah_single_1', one);
test(hides, 'niah_single_2', one);
test(hides, 'niah_single_3', { ...one, value: uuid });
test(hides, 'niah_multikey_1', { ...one, needles: 4 });
test(hides, 'niah_multikey_2', { ...one, needles: 'many' });
test(hides, 'niah_multikey_3', { key: uuid, value: uuid, needles: 'many', answers: 1 });
test(hides, 'niah_multivalue', { ...one, needles: 4, answers: 4 });
test(hides, 'niah_multiquery', { ...one, needles: 4, answers: 4 });

test('the start of the answer repeats the words of the needle', async (t) => {
  for (const name of ['niah_single_1', 'niah_single_2', 'niah_multikey_2', 'niah_multikey_3']) {
    for (const { text, questions } of await contextsOf(`ruler/${name}@1536`)) {
      const { answerPrefix = '', gold = '' } = questions[0] ?? {};
      t.true(text.includes(`${answerPrefix.trim().replace(/^The/, 'A')}${gold}.`), name);
    }
  }
});

test('one thing is announced as one, several as several', async (t) => {
  const [single] = await contextsOf('ruler/niah_multikey_1@1536');
  t.true(single?.text.startsWith('A secret number is mentioned in the text below. '));
  const [several] = await contextsOf('ruler/niah_multivalue@1536');
  t.true(several?.text.startsWith('Some secret numbers are mentioned in the text below. '));
  t.regex(several?.questions[0]?.question ?? '', /^What are all the secret numbers for \S+ in /);
  t.regex(several?.questions[0]?.answerPrefix ?? '', /^ The secret numbers for \S+ are:$/);
  t.regex(several?.questions[0]?.gold ?? '', /^ \d{7}, \d{7}, \d{7}, and \d{7}$/);
});

test('keys are asked in the order of their answers', async (t) => {
  for (const { text, questions } of await contextsOf('ruler/niah_multiquery@1536')) {
    const { question = '', references = [] } = questions[0] ?? {};
    const keys = question.match(/[a-z]+-[a-z]+/g) ?? [];
    t.is(keys.length, 4);
    for (const [i, key] of keys.entries())
      t.true(text.includes(`for ${key} is: ${references[i]}.`));
  }
});

test('the values of one key are answered in the order of the text', async (t) => {
  for (const { text, questions } of await contextsOf('ruler/niah_multivalue@1536')) {
    const places = (questions[0]?.references ?? []).map((value) => text.indexOf(value));
    t.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
    );
  }
});

test('filler is what the task says: the noise line, prose, or needles alone', async (t) => {
  const hay = async (name: GeneratedName) => {
    const [context] = await contextsOf(`${name}@1536`);
    return (context?.text ?? '').split('\n').slice(1, -1);
  };
  const isNeedle = (line: string) => /^A secret \w+ for \S+ is: \S+\.$/.test(line);
  const noise = await hay('ruler/niah_single_1');
  t.is(noise.filter(isNeedle).length, 1);
  t.true(noise.every((line) => isNeedle(line) || line === noiseLine));
  t.true((await hay('ruler/niah_multikey_2')).every(isNeedle));
  const essay = await hay('ruler/niah_single_2');
  t.is(essay.length, 1);
  t.true(essay[0]?.includes(findEssay(undefined).sentences(40)[0] as string));
});

test('a needle in prose stands between sentences', async (t) => {
  for (const { text } of await contextsOf('ruler/niah_multikey_1@3000')) {
    for (const [found] of text.matchAll(/(?:^|.) ?A secret number for/gm))
      t.regex(found, /^(?:A|[.!?”] A)/);
  }
});
