import test from 'ava';
import { parseObjective } from '../../ts/search/objective.js';
import type { ObjectiveSpec } from '../../ts/search/objective-spec.js';

const good: readonly (readonly [spec: ObjectiveSpec, text: string])[] = [
  [{ minimize: 'kl' }, 'kl'],
  [{ minimize: 'kl', subjectTo: { density: 0.1 } }, 'kl s.t. density<=0.1'],
  [{ minimize: 'kl', subjectTo: { accuracy: 0.6 } }, 'kl s.t. accuracy>=0.6'],
  [
    { minimize: 'density', subjectTo: { kl: { max: 0.1 }, attentionMs: { min: 0.5, max: 2 } } },
    'density s.t. kl<=0.1, attentionMs>=0.5, attentionMs<=2',
  ],
  [{ maximize: 'accuracy', subjectTo: { density: 0.05 } }, 'accuracy s.t. density<=0.05'],
  [{ minimize: 'error+0.1*density' }, 'error+0.1*density'],
  [{ pareto: ['kl', 'density'], subjectTo: { kl: 1 } }, 'pareto(kl,density) s.t. kl<=1'],
];
for (const [spec, text] of good) {
  test(`${JSON.stringify(spec)} is ${text}`, (t) => {
    const expected = parseObjective(text);
    for (const read of [parseObjective(spec), parseObjective(` ${JSON.stringify(spec)}`)]) {
      t.is(read.text, expected.text);
      const metrics = { kl: 2, density: 0.3, accuracy: 0.4, attentionMs: 3, outputError: 0.2 };
      t.deepEqual(read.evaluate(metrics), expected.evaluate(metrics));
    }
  });
}

const bad: Record<string, [given: unknown, message: RegExp]> = {
  'no head': [{ subjectTo: { density: 0.1 } }, /exactly one of minimize/],
  'two heads': [{ minimize: 'kl', maximize: 'accuracy' }, /exactly one of minimize/],
  'an unknown field': [{ minimise: 'kl' }, /minimise.*minimize/],
  'less of what should be more': [{ minimize: 'accuracy' }, /maximize for accuracy/],
  'a bound beside the metric': [{ minimize: 'kl s.t. accuracy>=0.6' }, /bounds in subjectTo/],
  'a sum with what should be more': [{ minimize: 'kl+0.5*accuracy' }, /maximize for accuracy/],
  'more of what should be less': [{ maximize: 'kl' }, /minimize for kl/],
  'a metric that is no text': [{ minimize: 3 }, /name of a metric/],
  'an unknown metric': [{ minimize: 'kll' }, /kll.*kl/],
  'an unknown metric in a bound': [
    { minimize: 'kl', subjectTo: { desnity: 1 } },
    /desnity.*density/,
  ],
  'a bound that is no number': [
    { minimize: 'kl', subjectTo: { density: '0.1' } },
    /bound of density/,
  ],
  'an empty bound': [{ minimize: 'kl', subjectTo: { density: {} } }, /bound of density/],
  'a misspelt bound': [{ minimize: 'kl', subjectTo: { density: { maxi: 1 } } }, /bound of density/],
  'bounds in a list': [{ minimize: 'kl', subjectTo: [0.1] }, /bounds by metric/],
  'a front of no list': [{ pareto: 'kl' }, /list of two metrics/],
  'text that is no JSON': ['{ minimize: kl }', /begins like JSON/],
};
for (const [name, [given, message]] of Object.entries(bad)) {
  test(`a bad objective is an error that names the cure: ${name}`, (t) => {
    t.throws(() => parseObjective(given as string), { code: 'ERR_OBJECTIVE', message });
  });
}

test('what is neither text nor an object is refused', (t) => {
  for (const given of [3, null, ['kl']])
    t.throws(() => parseObjective(given as unknown as string), { code: 'ERR_ARGUMENT' });
});
