import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { platformName } from '../../ts/native/platform-name.js';
import { temporaryFolder } from '../helpers/folder.js';
import {
  bareEnvironment,
  emptyProject,
  execute,
  installTarballs,
  npxSparsetune,
  packBefore,
  root,
} from '../helpers/release-scripts.js';

const platform = platformName();
const packed = packBefore(test);

test.serial('two tarballs are all that a machine without a compiler needs', async (t) => {
  const { root: main, platforms } = packed();
  const folder = await temporaryFolder(t);
  const env = bareEnvironment(folder);
  const project = emptyProject(join(folder, 'project'));
  installTarballs(project, [main, platforms[platform] ?? 'missing'], env);

  const doctor = npxSparsetune(project, ['doctor', '--json'], env);
  t.is(doctor.code, 0, doctor.out + doctor.err);
  const found = JSON.parse(doctor.out) as { name: string; text: string }[];
  const addon = `node_modules/sparsetune-${platform}/sparsetune.${platform}.node`;
  t.regex(found.find(({ name }) => name === 'native addon')?.text ?? '', new RegExp(addon));

  const micro = ['micro', '--n-kv', '256', '--dtype', 'f32', '--op', 'dense', '--round-ms', '2'];
  const measured = npxSparsetune(project, [...micro, '--json'], env);
  t.is(measured.code, 0, measured.err);
  const ops = measured.out
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { op: string }).op);
  t.true(ops.includes('dense'));

  const tune = ['tune', '--model', 'tiny', '--task', 'niah_mq8@1728', '--config', 'streaming_llm'];
  const search = ['--objective', 'kl s.t. density<=0.9', '--trials', '2', '--threads', '1'];
  const tuned = npxSparsetune(project, [...tune, ...search], env);
  t.is(tuned.code, 0, tuned.out + tuned.err);
  t.regex(tuned.out, /\* winner: sinkSize=\d+ windowSize=\d+/);

  const program =
    "import('sparsetune').then((own) => console.log(own.version, own.getPreset('quest').name))";
  const run = (code: string) => execute('node', ['-e', code], { cwd: project, env });
  t.is(run(program).out.trim(), '0.1.0 quest');
  t.is(
    run(
      program.replace("import('sparsetune')", "Promise.resolve(require('sparsetune'))"),
    ).out.trim(),
    '0.1.0 quest',
  );
});

test.serial('the root package alone says what it tried and what to do', async (t) => {
  const { root: main } = packed();
  const folder = await temporaryFolder(t);
  const env = bareEnvironment(folder);
  const project = emptyProject(join(folder, 'project'));
  installTarballs(project, [main], env);

  const doctor = npxSparsetune(project, ['doctor'], env);
  t.is(doctor.code, 1);
  t.regex(doctor.out, new RegExp(`No native addon for ${platform}`));
  t.regex(doctor.out, /build\/cmake\/Release\/sparsetune\.node: not found/);
  t.regex(doctor.out, new RegExp(`sparsetune-${platform}: not found`));
  t.regex(doctor.out, /Install sparsetune again without --omit=optional.*npx sparsetune build/s);

  const withoutTools = npxSparsetune(project, ['build'], env);
  t.is(withoutTools.code, 1);
  t.regex(withoutTools.err, /npm install "cmake-js@\S+" "node-addon-api@\S+"/);

  for (const name of ['cmake-js', 'node-addon-api']) {
    await mkdir(join(project, 'node_modules'), { recursive: true });
    await symlink(join(root, 'node_modules', name), join(project, 'node_modules', name));
  }
  const withoutCompiler = npxSparsetune(project, ['build'], env);
  t.is(withoutCompiler.code, 1);
  t.regex(withoutCompiler.err, /CMake 3\.20 or newer and a C\+\+17 compiler/);
});
