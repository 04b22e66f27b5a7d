import test from 'ava';
import { decompose } from '../../ts/maskers/decompose.js';
import { changeSpace, getPreset, listPresets, registerConfig } from '../../ts/maskers/presets.js';
import { Rng } from '../../ts/search/rng.js';
import { SearchSpace } from '../../ts/space/search-space.js';
import type { SparseConfig } from '../../ts/sparse-config.js';

for (const preset of listPresets().filter(({ name }) => name !== 'dense')) {
  test(`the parameters of ${preset.name} are read back from what they make`, (t) => {
    const space = SearchSpace.parse(preset.space);
    const rng = Rng.at(3, 0);
    for (let draw = 0; draw < 20; draw++) {
      const params = space.sample(() => rng.uniform());
      t.deepEqual(decompose(preset, preset.compose(params)), params);
    }
  });
}

test('an option that is left out counts as its default', (t) => {
  const maskers = [
    { kind: 'sink', sinkSize: 4 },
    { kind: 'local', windowSize: 64 },
    { kind: 'magic_pig', lshL: 75, lshK: 10 },
  ];
  t.like(decompose(getPreset('magic_pig'), { semantics: 'exact', maskers }), {
    lshL: 75,
    lshK: 10,
    minMatches: 2,
    center: 'keys',
  });
});

test('alternatives are told apart by what they make', (t) => {
  const sizes = { kind: 'top_k', heavyFraction: 0.1 };
  const branch = (size: string, range: object) => ({
    properties: { size: { const: size }, heavyFraction: range },
    required: ['size', 'heavyFraction'],
  });
  const preset = registerConfig('decompose_branches', {
    maskers: ['sink', sizes],
    space: {
      type: 'object',
      properties: { sinkSize: { const: 8 } },
      oneOf: [
        branch('small', { type: 'number', minimum: 0.01, maximum: 0.05 }),
        branch('large', { type: 'number', minimum: 0.2, maximum: 0.5 }),
      ],
    },
  });
  const config = {
    maskers: [
      { kind: 'sink', sinkSize: 8 },
      { ...sizes, heavyFraction: 0.3 },
    ],
  };
  t.deepEqual(decompose(preset, config), { sinkSize: 8, size: 'large', heavyFraction: 0.3 });
});

const local = { kind: 'local', windowSize: 64 };
const top = { kind: 'top_k', heavyFraction: 0.1 };
const bad: Record<string, [config: SparseConfig, message: RegExp]> = {
  'other maskers': [
    { maskers: [{ kind: 'sink', sinkSize: 8 }, local] },
    /Expected the maskers sink, local, top_k of hash_attention .* received sink, local/,
  ],
  'the other form of a size': [
    { maskers: [{ kind: 'sink', sinkFraction: 0.1 }, local, top] },
    /\/maskers\/0\/sinkFraction of the config is 0\.1, which hash_attention cannot express/,
  ],
  'an option that is not searched': [
    { share: 'head', maskers: [{ kind: 'sink', sinkSize: 8 }, local, top] },
    /\/share of the config is "head", which hash_attention cannot express .* missing/,
  ],
  'a value beyond its range': [
    { maskers: [{ kind: 'sink', sinkSize: 8 }, local, { ...top, heavyFraction: 0.99 }] },
    /\/heavyFraction.*0\.99/,
  ],
  'no valid config': [{ maskers: [{ kind: 'snk' }] }, /did you mean sink\?/],
};

for (const [name, [config, message]] of Object.entries(bad)) {
  test(`a config that its preset cannot make is refused: ${name}`, (t) => {
    t.throws(() => decompose(getPreset('hash_attention'), config), { message });
  });
}

test('a fixed parameter has the one value', (t) => {
  const preset = changeSpace(getPreset('streaming_llm'), { sinkSize: { const: 8 } });
  const config = (sinkSize: number) => ({ maskers: [{ kind: 'sink', sinkSize }, local] });
  t.deepEqual(decompose(preset, config(8)), { sinkSize: 8, windowSize: 64 });
  t.throws(() => decompose(preset, config(9)), { code: 'ERR_SEARCH_SPACE', message: /sinkSize/ });
});
