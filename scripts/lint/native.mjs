// clang-format and clang-tidy at pinned versions, from a virtual environment in the home folder.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listFiles, output, root, run, SetupError, step } from '../setup/process.mjs';
import { python } from '../setup/system-packages.mjs';

const versions = { 'clang-format': '18.1.8', 'clang-tidy': '18.1.8' };
const folders = ['native', 'test/native', 'test/simt', 'bench/native'];
const parallel = 2;

/** The two tools, installed where they are missing, over every native source of the tree. */
export function openNativeTools(home) {
  const bin = installTools(home);
  const sources = folders.flatMap(listFiles).filter((path) => /\.(cpp|h|inl|cu|cuh)$/.test(path));
  return {
    format(isFixing) {
      if (sources.length === 0) return;
      const mode = isFixing ? ['-i'] : ['--dry-run', '-Werror'];
      if (
        output(join(bin, 'clang-format'), [...mode, ...sources], {
          stdio: ['ignore', 'pipe', 2],
        }) === undefined
      ) {
        throw new SetupError('clang-format: run "npm run lint -- --fix"');
      }
    },
    tidy: () => tidy(bin, sources),
  };
}

function installTools(home) {
  const pins = Object.entries(versions).map(([name, version]) => `${name}==${version}`);
  const folder = join(home, 'tools', pins.join('-'));
  const bin = join(folder, process.platform === 'win32' ? 'Scripts' : 'bin');
  if (existsSync(join(folder, 'complete'))) return bin;
  step(`lint tools: ${pins.join(', ')}`);
  rmSync(folder, { recursive: true, force: true });
  run(python, ['-m', 'venv', folder]);
  run(join(bin, 'python'), [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    ...pins,
  ]);
  writeFileSync(join(folder, 'complete'), '');
  return bin;
}

/** Checks each compiled file; one that passed is not checked again until it, a header or the rules change. */
async function tidy(bin, sources) {
  const passed = join(root, 'build/lint');
  mkdirSync(passed, { recursive: true });
  const shared = hash(
    ['.clang-tidy', ...sources.filter((path) => !path.endsWith('.cpp'))],
    JSON.stringify(versions),
  );
  const units = sources
    .filter((path) => path.startsWith('native/') && path.endsWith('.cpp'))
    .map((path) => ({ path, stamp: join(passed, hash([path], shared)) }))
    .filter(({ stamp }) => !existsSync(stamp));
  if (units.length === 0) return;
  step(`clang-tidy: ${units.length} files`);
  const bad = [];
  const work = async () => {
    for (let unit = units.shift(); unit !== undefined; unit = units.shift()) {
      if (await tidyOne(bin, unit.path)) writeFileSync(unit.stamp, '');
      else bad.push(unit.path);
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  if (bad.length > 0) throw new SetupError(`clang-tidy: ${bad.sort().join(', ')}`);
}

function tidyOne(bin, path) {
  const child = spawn(join(bin, 'clang-tidy'), ['-p', 'build/cmake', '--quiet', path], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  const keep = (text) => {
    printed += text;
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  return new Promise((done) => {
    child.on('close', (code) => {
      if (code !== 0) process.stderr.write(printed);
      done(code === 0);
    });
  });
}

function hash(paths, extra) {
  const result = createHash('sha256').update(extra);
  for (const path of paths) result.update(`\n${path}\n`).update(readFileSync(join(root, path)));
  return result.digest('hex');
}
