import test from 'ava';
import fc from 'fast-check';
import { modelName, safeName, taskFolders } from '../../ts/bench/names.js';

for (const [name, expected] of [
  ['smollm2', 'smollm2'],
  ['niah_mq8@512', 'niah_mq8-512'],
  ['Q4_K.M-v2', 'Q4_K.M-v2'],
] as const) {
  test(`the name ${name} is kept as ${expected}`, (t) => {
    t.is(safeName(name), expected);
  });
}

test('a name that had to be changed is told apart by its end', (t) => {
  t.regex(safeName('a b'), /^a_b-[0-9a-f]{8}$/);
  t.not(safeName('a b'), safeName('a:b'));
  t.regex(safeName('con'), /^_con-[0-9a-f]{8}$/);
  t.regex(safeName('NUL.json'), /^_NUL\.json-/);
  t.regex(safeName('..'), /^_-[0-9a-f]{8}$/);
  t.regex(safeName(''), /^-[0-9a-f]{8}$/);
});

test('any text becomes a name that every system takes', (t) => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), (text) => {
      const name = safeName(text);
      t.regex(name, /^[\w.-]{1,64}$/);
      t.notRegex(name, /\.$|^\./);
      t.notRegex(name, /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i);
    }),
    { seed: 1 },
  );
});

test('a task lies in the folders between its slashes', (t) => {
  t.deepEqual(taskFolders('niah_mq8@512'), ['niah_mq8-512']);
  t.deepEqual(taskFolders('ruler/vt@4096'), ['ruler', 'vt-4096']);
  t.regex(taskFolders('file:data/my tasks.jsonl').join('/'), /^file_data_my_tasks\.jsonl-\w{8}$/);
});

test('a model is called by its name or its file', (t) => {
  t.is(modelName('smollm2', '/x/SmolLM2.gguf'), 'smollm2');
  t.is(modelName('SmolLM2.gguf', '/x/SmolLM2.gguf'), 'SmolLM2');
  t.is(modelName('hf:o/r:Q4', 'C:\\models\\Big-Q4.gguf'), 'Big-Q4');
});
