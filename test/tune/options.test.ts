import test from 'ava';
import { SparseTuneError } from '../../ts/errors.js';
import { isTunable, listPresets } from '../../ts/maskers/presets.js';
import { resolveTuneOptions, type TuneOptions } from '../../ts/tune/options.js';

const good: TuneOptions = { model: 'tiny', task: 'niah_mq8@512', config: ['hash_attention'] };

test('what is left out has its default', (t) => {
  const request = resolveTuneOptions({ ...good, home: 'somewhere' });
  t.is(request.objective.text, 'kl s.t. density<=0.1');
  t.deepEqual(request.configs[0]?.budget, { trials: 27 });
  t.is(request.patience, undefined);
  t.is(request.seed, 0);
  t.true(request.threads >= 1);
  t.false(request.force);
  t.false(request.outputError);
  t.is(request.tasks[0]?.id, 'niah_mq8@512');
  t.is(request.tasks[0]?.promptStyle, 'auto');
  t.is(request.configs[0]?.space, request.configs[0]?.preset.space);
  t.notThrows(() => request.emit({ event: 'warning', message: 'nobody listens' }));
});

for (const [name, change, budget] of [
  ['trials', { trials: 9 }, { trials: 9 }],
  ['a budget without trials', { budget: { questions: 90 } }, { questions: 90 }],
  ['both', { trials: 9, budget: { minutes: 2 } }, { trials: 9, minutes: 2 }],
  ['an empty budget', { budget: {} }, { trials: 27 }],
] as const) {
  test(`the budget is made of ${name}`, (t) => {
    t.deepEqual(resolveTuneOptions({ ...good, ...change }).configs[0]?.budget, budget);
  });
}

test('a config that is named twice is tuned once', (t) => {
  const { configs } = resolveTuneOptions({
    ...good,
    config: ['streaming_llm', 'magic_pig', 'streaming_llm'],
  });
  t.deepEqual(
    configs.map(({ preset }) => preset.name),
    ['streaming_llm', 'magic_pig'],
  );
});

for (const [name, change] of Object.entries({
  'the objective': { objective: 'error+0.1*density' },
  sparsity_N: { objective: 'sparsity_10' },
  'a constraint': { objective: 'kl s.t. outputError<=0.2' },
  'the list of metrics': { metrics: ['outputError'] },
  'the short name in the list': { metrics: ['error'] },
})) {
  test(`the output error is computed where it is asked for by ${name}`, (t) => {
    t.true(resolveTuneOptions({ ...good, ...change }).outputError);
  });
}

test('the search space is changed by name', (t) => {
  const { configs } = resolveTuneOptions({ ...good, space: { sinkSize: { const: 4 } } });
  const properties = configs[0]?.space['properties'] as Record<string, unknown>;
  t.like(properties['sinkSize'], { const: 4 });
  t.true(Object.keys(properties).length > 1);
});

test('the style of the prompt is the one that is asked for', (t) => {
  for (const promptStyle of ['auto', 'chat', 'plain'] as const) {
    t.is(resolveTuneOptions({ ...good, promptStyle }).tasks[0]?.promptStyle, promptStyle);
  }
});

test('without a config all methods are searched together, with nine trials for each', (t) => {
  const { config: _config, ...rest } = good;
  const [any, ...others] = resolveTuneOptions(rest).configs;
  t.is(any?.preset.name, 'any');
  t.deepEqual(others, []);
  t.deepEqual(any?.budget, { trials: 9 * listPresets().filter(isTunable).length });
  t.deepEqual(resolveTuneOptions({ ...rest, trials: 5 }).configs[0]?.budget, { trials: 5 });
});

test('several tasks have a winner each, one together, or both', (t) => {
  const task = ['niah_mq8@512', 'niah_mq8@1024', 'niah_mq8@512'];
  const scopeOf = (change: Partial<TuneOptions>) => resolveTuneOptions({ ...good, ...change });
  t.is(scopeOf({ task }).tasks.length, 2);
  t.is(scopeOf({ task }).scope, 'task');
  t.is(scopeOf({ task, global: true }).scope, 'global');
  t.is(scopeOf({ task, global: true, perTask: true, worstTask: 0.5 }).scope, 'both');
});

const bad: Record<string, [change: Record<string, unknown>, message: RegExp, code: string]> = {
  'no task': [{ task: [] }, /task/, 'ERR_ARGUMENT'],
  'a global winner of one task': [{ global: true }, /two tasks.*global/, 'ERR_ARGUMENT'],
  'winners per task without a global one': [{ perTask: true }, /global.*perTask/, 'ERR_ARGUMENT'],
  'a worst task without a global winner': [{ worstTask: 1 }, /global.*worstTask/, 'ERR_ARGUMENT'],
  'a worst task that is as good as dense': [
    { task: ['niah_mq8@512', 'niah_mq8@600'], global: true, worstTask: 0 },
    /worstTask/,
    'ERR_ARGUMENT',
  ],
  'no config': [{ config: [] }, /config/, 'ERR_ARGUMENT'],
  'a config without parameters': [{ config: ['dense'] }, /for config .*"dense"/, 'ERR_ARGUMENT'],
  'an unknown config': [{ config: ['hash_atention'] }, /hash_attention/, 'ERR_CONFIG'],
  'one unknown config of several': [{ config: ['magic_pig', 'magic'] }, /"magic"/, 'ERR_CONFIG'],
  'an unknown task': [{ task: 'niah_mq9@512' }, /niah_mq8/, 'ERR_TASK'],
  'no length': [{ task: 'niah_mq8@0' }, /niah_mq8@0/, 'ERR_TASK'],
  'an unknown metric': [{ objective: 'kl s.t. densty<=0.1' }, /density/, 'ERR_OBJECTIVE'],
  'an unknown metric in the list': [{ metrics: ['outputErr'] }, /outputError/, 'ERR_OBJECTIVE'],
  'no trials': [{ trials: 0 }, /trials.*0/, 'ERR_ARGUMENT'],
  'half a trial': [{ trials: 2.5 }, /trials.*2\.5/, 'ERR_ARGUMENT'],
  'trials as text': [{ trials: '9' }, /trials.*"9" of type string/, 'ERR_ARGUMENT'],
  'trials beside a budget of trials': [
    { trials: 9, budget: { trials: 9 } },
    /no trials beside the option trials/,
    'ERR_ARGUMENT',
  ],
  'an unknown limit': [{ budget: { question: 9 } }, /questions\?.*for budget/, 'ERR_ARGUMENT'],
  'a budget that is no object': [{ budget: 9 }, /for budget .* 9/, 'ERR_ARGUMENT'],
  'a negative budget': [{ budget: { minutes: -1 } }, /budget\.minutes.*-1/, 'ERR_ARGUMENT'],
  'no patience': [{ patience: 0 }, /patience.*0/, 'ERR_ARGUMENT'],
  'a negative seed': [{ seed: -1 }, /seed.*-1/, 'ERR_ARGUMENT'],
  'fewer GPU layers than none': [{ gpuLayers: -1 }, /gpuLayers.*-1/, 'ERR_ARGUMENT'],
  'no threads': [{ threads: 0 }, /threads.*0/, 'ERR_ARGUMENT'],
  'threads beyond number': [{ threads: Number.NaN }, /threads.*NaN/, 'ERR_ARGUMENT'],
  'a negative snapshot limit': [
    { snapshotLimitBytes: -1 },
    /snapshotLimitBytes.*-1/,
    'ERR_ARGUMENT',
  ],
  'a snapshot limit that is no number': [
    { snapshotLimitBytes: Number.NaN },
    /snapshotLimitBytes.*NaN/,
    'ERR_ARGUMENT',
  ],
  'an objective on the score': [
    { objective: 'kl s.t. score>=0.5' },
    /use accuracy.*objective/s,
    'ERR_ARGUMENT',
  ],
  'a front of the score': [
    { objective: 'pareto(score,density)' },
    /use accuracy.*objective/s,
    'ERR_ARGUMENT',
  ],
  'an unknown prompt style': [{ promptStyle: 'poem' }, /promptStyle.*"poem"/, 'ERR_ARGUMENT'],
  'an unknown parameter': [{ space: { snkSize: { const: 4 } } }, /sinkSize/, 'ERR_SEARCH_SPACE'],
  'a range beyond what a masker takes': [
    { space: { sinkSize: { minimum: -5 } } },
    /sinkSize/,
    'ERR_SEARCH_SPACE',
  ],
  'a configuration to try first that lies outside the space': [
    { enqueue: [{ sinkSize: 4 }] },
    /^enqueue\[0\] fits no config .*hash_attention/,
    'ERR_ARGUMENT',
  ],
  'no model': [{ model: '' }, /model/, 'ERR_ARGUMENT'],
};

for (const [name, [change, message, code]] of Object.entries(bad)) {
  test(`a bad option is an error that names it: ${name}`, (t) => {
    const options = { ...good, ...change } as unknown as TuneOptions;
    const error = t.throws(() => resolveTuneOptions(options), { code, message });
    const isOurs = error instanceof SparseTuneError;
    t.true(isOurs || error instanceof TypeError || error instanceof RangeError);
  });
}
