import { fileURLToPath } from 'node:url';
import test from 'ava';
import { runFolder } from './run-folder.js';

const folder = fileURLToPath(new URL('../../../../test/golden/attention', import.meta.url));
const built = new Set(['sink', 'local', 'oracle_top_k', 'magic_pig']);

const results = runFolder(folder);
const ours = results.filter(({ golden }) => golden.chain.every(({ type }) => built.has(type)));

for (const { title, failure } of ours) {
  test(`hub semantics reproduce ${title}`, (t) => {
    t.is(failure, undefined);
  });
}

test('no case of the built kinds is missing', (t) => {
  t.is(results.length, 82);
  t.is(ours.length, 58);
});

test('a case of a kind that is not built fails and says so', (t) => {
  const other = results.filter((result) => !ours.includes(result));
  for (const { failure } of other) t.regex(failure ?? '', /a masker kind/);
});
