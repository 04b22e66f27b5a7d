import test from 'ava';
import { anyPreset } from '../../ts/maskers/any-preset.js';
import { SearchSpace } from '../../ts/space/search-space.js';
import { methodStarts } from '../../ts/tune/method-starts.js';

const preset = anyPreset();
const n = preset.methods.length;
const countOf = (starts: ReturnType<typeof methodStarts>) => {
  const counts = new Map<unknown, number>();
  for (const { config } of starts) counts.set(config, (counts.get(config) ?? 0) + 1);
  return preset.methods.map(({ name }) => counts.get(name) ?? 0);
};

test('every method begins with as many configurations as the others, the defaults first', (t) => {
  for (const [trials, each] of [
    [9 * n, 3],
    [4 * n, 2],
    [n, 1],
    [2, 1],
    [Number.POSITIVE_INFINITY, 3],
  ] as const) {
    const starts = methodStarts(preset, { trials, seed: 0, nKv: 2048 });
    t.deepEqual(countOf(starts), Array(n).fill(each), String(trials));
    t.is(new Set(starts.slice(0, n).map(({ config }) => config)).size, n);
  }
});

test('they lie in the space, can run, differ, and are the same for the same seed', (t) => {
  const space = SearchSpace.parse(preset.space);
  for (const nKv of [300, 2048]) {
    const starts = methodStarts(preset, { trials: 99, seed: 7, nKv });
    t.deepEqual(countOf(starts), Array(n).fill(3));
    for (const params of starts) {
      t.true(space.contains(params), JSON.stringify(params));
      t.is(preset.infeasibility(params, { nKv }), undefined);
    }
    t.is(new Set(starts.map((params) => space.key(params))).size, starts.length);
    t.deepEqual(methodStarts(preset, { trials: 99, seed: 7, nKv }), starts);
    t.notDeepEqual(methodStarts(preset, { trials: 99, seed: 8, nKv }), starts);
  }
});
