// Headers of the llama.cpp that the pinned @node-llama-cpp/<platform> packages were built from. The package
// node-llama-cpp of the same version ships them in a git bundle; it is fetched, not installed. Our package carries
// them too, with their licence.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { output, readPackage, root, run, SetupError, step } from './process.mjs';

const target = join(root, '.deps/llama');

export function installLlamaHeaders(home) {
  const version = pinnedVersion();
  if (versionIn(target) === version) return;
  const cached = join(home, 'deps', `llama-headers-${version}`);
  if (versionIn(cached) !== version) fetchHeaders(version, cached);
  step(`llama.cpp headers of node-llama-cpp ${version}`);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(join(root, '.deps'), { recursive: true });
  cpSync(cached, target, { recursive: true });
}

/** The one version all platform packages are pinned to. */
function pinnedVersion() {
  const pins = Object.entries(readPackage().optionalDependencies).filter(([name]) =>
    name.startsWith('@node-llama-cpp/'),
  );
  const versions = new Set(pins.map(([, version]) => version));
  const [version] = versions;
  if (versions.size !== 1)
    throw new SetupError('package.json pins the @node-llama-cpp packages to different versions');
  return version;
}

function versionIn(folder) {
  const file = join(folder, 'version.json');
  const isWhole = existsSync(file) && existsSync(join(folder, 'LICENSE'));
  return isWhole ? JSON.parse(readFileSync(file, 'utf8')).nodeLlamaCpp : undefined;
}

function fetchHeaders(version, cached) {
  step(`fetching node-llama-cpp ${version} for its llama.cpp headers (37 MB)`);
  const temporary = mkdtempSync(join(tmpdir(), 'sparsetune-headers-'));
  try {
    extractHeaders(version, temporary);
    mkdirSync(join(cached, '..'), { recursive: true });
    const staged = `${cached}.${process.pid}`;
    cpSync(join(temporary, 'out'), staged, { recursive: true });
    rmSync(cached, { recursive: true, force: true });
    renameSync(staged, cached);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function extractHeaders(version, temporary) {
  const quiet = { stdio: ['ignore', 'ignore', 2] };
  run(
    'npm',
    ['pack', `node-llama-cpp@${version}`, '--pack-destination', temporary, '--loglevel=error'],
    quiet,
  );
  const bundle = 'package/llama/gitRelease.bundle';
  run('tar', ['-xzf', `node-llama-cpp-${version}.tgz`, bundle], { ...quiet, cwd: temporary });
  run('git', ['clone', '--quiet', '--bare', bundle, 'llama.git'], { ...quiet, cwd: temporary });
  const git = (...args) => output('git', args, { cwd: join(temporary, 'llama.git') });
  const headers = (
    git('ls-tree', '-r', '--name-only', 'HEAD', 'include/llama.h', 'ggml/include/') ?? ''
  )
    .split('\n')
    .filter((path) => path.endsWith('.h'));
  if (!headers.includes('include/llama.h'))
    throw new SetupError(`node-llama-cpp ${version} carries no llama.h`);
  const include = join(temporary, 'out/include');
  mkdirSync(include, { recursive: true });
  for (const path of headers)
    writeFileSync(join(include, basename(path)), git('show', `HEAD:${path}`));
  writeFileSync(join(temporary, 'out/LICENSE'), git('show', 'HEAD:LICENSE'));
  const record = { nodeLlamaCpp: version, llamaCppCommit: git('rev-parse', 'HEAD').trim() };
  writeFileSync(join(temporary, 'out/version.json'), `${JSON.stringify(record, null, 2)}\n`);
}
