import test from 'ava';
import { anyPreset } from '../../ts/maskers/any-preset.js';
import { getPreset } from '../../ts/maskers/presets.js';
import { resolveEnqueued } from '../../ts/tune/enqueue.js';

const presets = [getPreset('streaming_llm'), getPreset('sink_masker')];
const sinkOnly = { maskers: [{ kind: 'sink', sinkSize: 4 }] };

test('an entry goes to the configs that can express it', (t) => {
  const both = { sinkSize: 4, windowSize: 64 };
  t.deepEqual(resolveEnqueued([{ sinkSize: 8 }, both, sinkOnly], presets), [
    [both],
    [{ sinkSize: 8 }, { sinkSize: 4 }],
  ]);
});

test('parameters that name no method go to every method that has them', (t) => {
  const both = { sinkSize: 4, windowSize: 64 };
  t.deepEqual(resolveEnqueued([both, { config: 'sink_masker', sinkSize: 8 }], [anyPreset()]), [
    [
      { config: 'streaming_llm', ...both },
      { config: 'sink_masker', sinkSize: 8 },
    ],
  ]);
  t.throws(() => resolveEnqueued([{ sinkSiz: 4 }], [anyPreset()]), {
    code: 'ERR_ARGUMENT',
    message: /enqueue\[0\].*No method has these parameters.*sink_masker: .*sinkSize/,
  });
});

const bad: Record<string, [entries: unknown, message: RegExp]> = {
  'no list': [{ sinkSize: 8 }, /a list of objects for enqueue/],
  'a number': [[{ sinkSize: 8 }, 9], /for enqueue\[1\] but received 9/],
  'an unknown parameter': [
    [{ sinkSize: 8 }, { snkSize: 8 }],
    /^enqueue\[1\] fits no config that is tuned\. streaming_llm: .*; sink_masker: .*sinkSize/,
  ],
  'a foreign config': [
    [{ maskers: [{ kind: 'top_p', topP: 0.5 }] }],
    /enqueue\[0\].*Expected the maskers sink, local of streaming_llm/,
  ],
};

for (const [name, [entries, message]] of Object.entries(bad)) {
  test(`a list that cannot be enqueued is an error that names the entry: ${name}`, (t) => {
    t.throws(() => resolveEnqueued(entries, presets), { code: 'ERR_ARGUMENT', message });
  });
}
