import test from 'ava';
import { SearchSpaceError } from '../../ts/errors.js';
import { anyPreset, decomposeAny, isAny, methodDefaults } from '../../ts/maskers/any-preset.js';
import { getPreset, isTunable, listPresets, registerConfig } from '../../ts/maskers/presets.js';
import { SearchSpace } from '../../ts/space/search-space.js';

const any = anyPreset();
const tunable = listPresets().filter(isTunable);

test('the space has a branch for every config with parameters', (t) => {
  const space = SearchSpace.parse(any.space);
  t.deepEqual(
    any.methods.map(({ name }) => name),
    tunable.map(({ name }) => name),
  );
  t.false(any.methods.some(({ name }) => name === 'dense'));
  t.true(isAny(any));
  t.false(isAny(getPreset('magic_pig')));
  for (const { name, space: own } of tunable) {
    const params = SearchSpace.parse(own).sample(() => 0.5);
    t.true(space.contains({ config: name, ...params }), name);
  }
});

test('a method composes what its own config composes, so that evaluations are shared', (t) => {
  for (const preset of tunable) {
    const params = SearchSpace.parse(preset.space).sample(() => 0.3);
    const own = { config: preset.name, ...params };
    t.deepEqual(any.compose(own), preset.compose(params));
    t.is(any.infeasibility(own, { nKv: 10 }), preset.infeasibility(params, { nKv: 10 }));
    t.deepEqual(any.compose(decomposeAny(any, preset.compose(params))), preset.compose(params));
  }
});

test('the untuned defaults are configurations of the space', (t) => {
  const space = SearchSpace.parse(any.space);
  const defaults = methodDefaults(any);
  t.true(defaults.length > 0);
  for (const params of defaults) {
    t.true(space.contains(params), JSON.stringify(params));
    t.deepEqual(
      any.compose(params),
      getPreset(String(params['config'])).compose(withoutConfig(params)),
    );
  }
});

function withoutConfig({
  config: _config,
  ...params
}: Readonly<Record<string, string | number | boolean | null>>) {
  return params;
}

test('a change holds for every method that has the parameter', (t) => {
  const changed = anyPreset({ windowSize: { maximum: 32 } });
  for (const { name, space } of changed.methods) {
    const { windowSize } = (space['properties'] ?? {}) as { windowSize?: { maximum?: number } };
    if (windowSize !== undefined) t.is(windowSize.maximum, 32, name);
  }
});

test('the methods are narrowed by their names', (t) => {
  const names = ({ methods }: typeof any) => methods.map(({ name }) => name);
  t.deepEqual(names(anyPreset({ config: { enum: ['quest', 'top_p'] } })).sort(), [
    'quest',
    'top_p',
  ]);
  t.deepEqual(names(anyPreset({ properties: { config: { const: 'quest' } } })), ['quest']);
});

const bad: Record<string, [changes: unknown, message: RegExp]> = {
  'an unknown parameter': [{ windowSise: { maximum: 4 } }, /windowSise.*windowSize/],
  'an unknown method': [{ config: { enum: ['qest'] } }, /qest.*quest/],
  'no method': [{ config: { enum: [] } }, /method names/],
  'a bare method': [{ config: 'quest' }, /method names.*enum.*"quest"/],
  'nothing in place of a method': [{ config: null }, /method names.*null/],
  'a range beyond what a masker takes': [{ sinkSize: { minimum: -4 } }, /sinkSize/],
};
for (const [name, [changes, message]] of Object.entries(bad)) {
  test(`a bad change is an error that names it: ${name}`, (t) => {
    t.throws(() => anyPreset(changes), { instanceOf: SearchSpaceError, message });
  });
}

test('parameters of no method are refused, and so is a config that none can express', (t) => {
  t.throws(() => any.compose({ config: 'dense' }), {
    code: 'ERR_CONFIG',
    message: /streaming_llm/,
  });
  t.throws(() => any.compose({}), { code: 'ERR_CONFIG' });
  t.throws(() => decomposeAny(any, { maskers: [] }), { code: 'ERR_CONFIG', message: /No method/ });
});

test('no config may take the name that stands for all', (t) => {
  t.throws(() => registerConfig('any', { maskers: ['sink'] }), { code: 'ERR_ARGUMENT' });
});
