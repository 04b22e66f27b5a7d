// Installs the packages of artifacts/ as a user does and measures it: npm run release:try [-- --build]
//
//   --build   installs the root package alone, compiles the addon with `npx sparsetune build`, and tries that
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import {
  bareEnvironment,
  bytesOf,
  emptyProject,
  installTarballs,
  npxSparsetune,
} from './release/consumer.mjs';
import { execute } from './release/execute.mjs';
import { fail, loadCompiled, readPackage, root, SetupError } from './setup/process.mjs';

const artifacts = join(root, 'artifacts');
const { values } = parseArgs({ options: { build: { type: 'boolean', default: false } } });
const folder = mkdtempSync(join(tmpdir(), 'sparsetune-try-'));

async function tryRelease() {
  const { platformName } = await loadCompiled('ts/native/platform-name.js');
  const env = values.build
    ? { ...process.env, SPARSETUNE_HOME: join(folder, 'home') }
    : bareEnvironment(folder);
  const project = emptyProject(join(folder, 'project'));
  const tarballs = ['', ...(values.build ? [] : [`-${platformName()}`])].map(tarballOf);
  installTarballs(emptyProject(join(folder, 'first')), tarballs, env); // fills npm's cache
  const installMs = timed(() => installTarballs(project, tarballs, env));
  print("installed out of npm's cache in", `${(installMs / 1000).toFixed(1)} s`);
  if (values.build) compile(project, env);
  printSizes(join(project, 'node_modules'));
  for (const args of [
    ['--version'],
    ['micro', '--n-kv', '256', '--dtype', 'f32', '--op', 'dense', '--round-ms', '5'],
  ]) {
    expectSuccess(`sparsetune ${args.join(' ')}`, npxSparsetune(project, args, env));
  }
}

function compile(project, env) {
  const { devDependencies } = readPackage();
  const tools = ['cmake-js', 'node-addon-api'].map((name) => `${name}@${devDependencies[name]}`);
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', ...tools];
  expectSuccess(`npm ${install.join(' ')}`, execute('npm', install, { cwd: project, env }));
  const ms = timed(() => {
    expectSuccess('sparsetune build', npxSparsetune(project, ['build'], env));
  });
  print('compiled in', `${(ms / 1000).toFixed(0)} s`);
}

function tarballOf(suffix) {
  const { name, version } = readPackage();
  const file = `${name}${suffix}-${version}.tgz`;
  if (readdirSync(artifacts).includes(file)) return join(artifacts, file);
  throw new SetupError(`artifacts/ has no ${file}: npm run release:pack`);
}

function printSizes(modules) {
  const megabytes = (path) => `${(bytesOf(path) / 1e6).toFixed(1)} MB`;
  print('node_modules', megabytes(modules));
  const parts = readdirSync(modules).filter((name) => /^sparsetune|^@node-llama-cpp/.test(name));
  for (const name of parts) print(`  ${name}`, megabytes(join(modules, name)));
}

function expectSuccess(what, { code, out, err }) {
  if (code !== 0) throw new SetupError(`${what} ended with ${code}:\n${out}${err}`);
  print(what, 'ok');
}

function timed(work) {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function print(name, value) {
  console.log(`${name.padEnd(32)} ${value}`);
}

process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
await tryRelease().catch(fail);
