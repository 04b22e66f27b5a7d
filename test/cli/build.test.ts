import test from 'ava';
import { findBuildTools } from '../../ts/cli/build.js';
import { temporaryFolder } from '../helpers/folder.js';
import { runCaught } from '../helpers/run-cli.js';

test('build names what PATH lacks', async (t) => {
  const folder = await temporaryFolder(t);
  const { code, err } = await runCaught(['build'], { env: { PATH: folder } });
  t.is(code, 1);
  t.regex(err, /^sparsetune: Building needs CMake 3\.20 or newer and a C\+\+17 compiler/);
  const named = await runCaught(['build'], { env: { PATH: folder, CXX: 'my-compiler' } });
  t.regex(named.err, /a C\+\+17 compiler \(my-compiler\)/);
});

test('build refuses a number of jobs that is none', async (t) => {
  for (const jobs of ['0', '1.5', 'many']) {
    const { code, err } = await runCaught(['build', '--jobs', jobs]);
    t.is(code, 2);
    t.regex(err, /Expected an integer >= 1 for jobs/);
  }
});

test('build says how to install what it needs of npm', (t) => {
  const missing = (name: string) => (module: string) => {
    if (module.startsWith(name)) throw new Error(`no ${module}`);
    return module;
  };
  t.is(findBuildTools(missing('neither')), 'cmake-js/bin/cmake-js');
  for (const name of ['cmake-js', 'node-addon-api']) {
    t.throws(() => findBuildTools(missing(name)), {
      code: 'ERR_NATIVE_BUILD',
      message: /npm install "cmake-js@\S+" "node-addon-api@\S+"/,
    });
  }
});
