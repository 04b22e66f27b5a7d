import { fileURLToPath } from 'node:url';
import test from 'ava';
import { runFolder } from './run-folder.js';

const folder = fileURLToPath(new URL('../../../../test/golden/attention', import.meta.url));
const results = runFolder(folder);

for (const { title, failure } of results) {
  test(`hub semantics reproduce ${title}`, (t) => {
    t.is(failure, undefined);
  });
}

test('no case is missing', (t) => {
  t.is(results.length, 82);
});
