import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { type BenchOptions, resolveBenchOptions } from '../../ts/bench/options.js';
import { temporaryFolder } from '../helpers/folder.js';

const base = { model: 'm', task: 'niah_mq8@512', config: ['dense'] };

test('defaults are filled in', (t) => {
  const request = resolveBenchOptions(base);
  t.like(request, {
    models: ['m'],
    objective: 'kl s.t. density<=0.1',
    speedQuestions: 3,
    seed: 0,
    global: false,
    restart: false,
    dryRun: false,
  });
  t.regex(request.resultDir, /bench-results$/);
});

test('what is named twice is measured once', (t) => {
  const { models, configs } = resolveBenchOptions({
    ...base,
    model: ['m', 'm'],
    config: ['quest', 'quest', 'quest:default'],
  });
  t.deepEqual(models, ['m']);
  t.deepEqual(
    configs.map(({ name, kind }) => [name, kind]),
    [
      ['quest', 'preset'],
      ['quest-default', 'default'],
    ],
  );
});

test('a file with a whole config is called by its name', async (t) => {
  const file = join(await temporaryFolder(t), 'mine.json');
  await writeFile(file, '{"maskers":[{"kind":"sink","sinkSize":4}],"share":"head"}');
  t.like(resolveBenchOptions({ ...base, config: [file] }).configs[0], {
    name: 'mine',
    kind: 'given',
    file: 'mine.json',
    config: { share: 'head' },
  });
});

const wrong: readonly (readonly [
  string,
  Partial<Record<keyof BenchOptions, unknown>>,
  string,
  RegExp,
])[] = [
  ['no config', { config: [] }, 'ERR_ARGUMENT', /for config/],
  ['an unknown config', { config: ['qest'] }, 'ERR_CONFIG', /did you mean quest/],
  ['the default of all configs', { config: ['any:default'] }, 'ERR_ARGUMENT', /before :default/],
  ['a file that is not there', { config: ['no/such.json'] }, 'ERR_ARGUMENT', /no\/such\.json/],
  [
    'a config without a name',
    { config: [{ config: { maskers: [] } }] },
    'ERR_ARGUMENT',
    /config\[0\]/,
  ],
  [
    'a config that is not valid',
    { config: [{ name: 'x', config: { maskers: [{ kind: 'sinks' }] } }] },
    'ERR_CONFIG',
    /sink/,
  ],
  [
    'two configs of one name',
    { config: ['quest', { name: 'Quest', config: { maskers: [] } }] },
    'ERR_ARGUMENT',
    /different names/,
  ],
  [
    'a given config under the name of dense attention',
    { config: [{ name: 'dense', config: { maskers: [{ kind: 'sink', sinkSize: 4 }] } }] },
    'ERR_ARGUMENT',
    /a name of its own/,
  ],
  ['no model', { model: [] }, 'ERR_ARGUMENT', /for model/],
  ['a model that is no text', { model: 3 }, 'ERR_ARGUMENT', /for model/],
  ['an unknown task', { task: 'niah_mq9' }, 'ERR_TASK', /niah_mq8/],
  ['half a request', { maxRequests: 1.5 }, 'ERR_ARGUMENT', /for maxRequests/],
  ['no tokens of context', { maxContextLength: 0 }, 'ERR_ARGUMENT', /for maxContextLength/],
  ['no new tokens', { maxNewTokens: 0 }, 'ERR_ARGUMENT', /for maxNewTokens/],
  ['an unknown cut', { truncate: 'tail' }, 'ERR_ARGUMENT', /"head" or "middle" for truncate/],
  ['an objective with a front', { objective: 'pareto(kl,density)' }, 'ERR_ARGUMENT', /objective/],
  ['negative speed questions', { speedQuestions: -1 }, 'ERR_ARGUMENT', /speedQuestions/],
  ['half a GPU layer', { gpuLayers: 0.5 }, 'ERR_ARGUMENT', /gpuLayers/],
  ['no threads', { threads: 0 }, 'ERR_ARGUMENT', /threads/],
];
for (const [name, change, code, message] of wrong) {
  test(`${name} is refused`, (t) => {
    const error = t.throws(() => resolveBenchOptions({ ...base, ...change } as BenchOptions), {
      any: true,
      message,
    });
    t.is((error as { code?: unknown }).code, code);
  });
}
