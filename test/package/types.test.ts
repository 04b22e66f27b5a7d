import { cp, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { temporaryFolder } from '../helpers/folder.js';
import { execute, root, stageRoot } from '../helpers/release-scripts.js';

const wrong = `import { expectType } from 'tsd';
import { version } from 'sparsetune';
expectType<number>(version);
`;

test('the public types are those of test/types, and tsd finds a type that is wrong', async (t) => {
  const staged = stageRoot(await temporaryFolder(t));
  await symlink(join(root, 'node_modules'), join(staged, 'node_modules'));
  const compilerOptions = { module: 'nodenext', target: 'es2023', lib: ['es2023'], strict: true };
  await writeFile(join(staged, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  await cp(join(root, 'test/types'), join(staged, 'test-d'), { recursive: true });
  await writeFile(join(staged, 'test-d/wrong.test-d.ts'), wrong);
  const tsd = join(root, 'node_modules/tsd/dist/cli.js');
  const run = execute('node', [tsd, '--typings', 'build/ts/ts/index.d.ts'], { cwd: staged });
  const printed = run.out + run.err;
  t.is(run.code, 1);
  t.regex(printed, /wrong\.test-d\.ts:3:\d+/);
  t.regex(printed, /\b1 error\b/, printed);
});
