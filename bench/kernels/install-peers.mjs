// Puts the peers where the bench can start them: Python packages into a virtual environment below the home folder,
// the ggml peer compiled against the prebuilt libraries of @node-llama-cpp. What cannot be had is absent, no error.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { findLlamaLibrary } from '../../build/ts/ts/engine/llama-library.js';
import { root } from '../../scripts/setup/process.mjs';

const peersFolder = join(root, 'bench/peers');
const requirements = readFileSync(join(peersFolder, 'requirements.txt'), 'utf8');
const torchNeeds = [
  'filelock',
  'typing-extensions',
  'sympy',
  'networkx',
  'jinja2',
  'fsspec',
  'setuptools',
];

/**
 * @returns {{ peers: { name: string, command: string[] }[], absent: string[] }} what can be started, and why the
 *   others cannot
 */
export function installPeers(home) {
  const peers = [];
  const absent = [];
  for (const install of [
    () => pythonPeers(join(home, 'bench')),
    () => [ggmlPeer(join(home, 'bench'))],
  ]) {
    try {
      for (const peer of install()) {
        if (peer.reason === undefined) peers.push(peer);
        else absent.push(`${peer.name}: ${peer.reason}`);
      }
    } catch (error) {
      absent.push(error.message);
    }
  }
  return { peers, absent };
}

/** One a library; SPARSETUNE_PEERS_PYTHON names an interpreter that has them already. */
function pythonPeers(folder) {
  const python = process.env['SPARSETUNE_PEERS_PYTHON'] || environment(join(folder, 'peers'));
  const scripts = { torch: ['torch_peer.py'], numpy: ['arrays_peer.py', 'numpy'] };
  for (const name of ['faiss', 'usearch']) scripts[name] = ['arrays_peer.py', name];
  return Object.entries(scripts).map(([name, [script, ...args]]) => {
    const { status, stderr } = spawnSync(python, ['-c', `import ${name}`], { encoding: 'utf8' });
    const reason = status === 0 ? undefined : (stderr ?? '').trim().split('\n').at(-1);
    return { name, reason, command: [python, join(peersFolder, script), ...args] };
  });
}

function environment(folder) {
  const python = join(folder, 'bin/python');
  const stamp = join(folder, 'requirements.sha256');
  const digest = createHash('sha256').update(requirements).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return python;
  console.error(`[peers] installing torch, numpy, faiss and usearch into ${folder} (600 MB)`);
  const staged = `${folder}.${process.pid}`;
  mkdirSync(dirname(folder), { recursive: true });
  const failed = fill(staged);
  for (const { message } of failed) console.error(`[peers] ${message}`);
  // What failed is tried again at the next run: only a complete environment gets the stamp.
  if (failed.length === 0) writeFileSync(join(staged, 'requirements.sha256'), digest);
  rmSync(folder, { recursive: true, force: true });
  renameSync(staged, folder);
  return python;
}

/** @returns {Error[]} what could not be installed; the rest is there */
function fill(folder) {
  const python = join(folder, 'bin/python');
  try {
    run('python3', ['-m', 'venv', folder]);
  } catch (cause) {
    rmSync(folder, { recursive: true, force: true });
    const cure = 'SPARSETUNE_PEERS_PYTHON can name an interpreter that has them';
    throw new Error(`torch, numpy, faiss, usearch: ${cause.message}; ${cure}`, { cause });
  }
  const pins = requirements.split('\n').filter((line) => /^\w/.test(line));
  return pins.flatMap((line) => {
    try {
      if (line.startsWith('torch')) installTorch(python, line);
      else pip(python, [line]);
      return [];
    } catch (error) {
      return [error];
    }
  });
}

/** The wheel without the CUDA packages it names: gigabytes that a CPU run never calls. */
function installTorch(python, pin) {
  pip(python, torchNeeds);
  pip(python, ['--no-deps', pin]);
  if (spawnSync(python, ['-c', 'import torch']).status === 0) return;
  pip(python, ['--no-deps', 'nvidia-cuda-runtime', 'nvidia-cuda-cupti']);
  const find = 'import sysconfig; print(sysconfig.get_paths()["purelib"])';
  const sitePackages = spawnSync(python, ['-c', find], { encoding: 'utf8' }).stdout.trim();
  const script = join(peersFolder, 'cuda_stand_ins.py');
  spawnSync(python, [script, sitePackages], { stdio: ['ignore', 2, 2] });
  run(python, ['-c', 'import torch']);
}

function pip(python, args) {
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...args]);
}

function ggmlPeer(folder) {
  const { folder: library, ggml, ggmlBase } = findLlamaLibrary();
  const libraries = [ggml, ggmlBase].map((path) => resolve(library, path));
  const source = join(peersFolder, 'ggml_peer.cpp');
  const inputs = [readFileSync(source, 'utf8'), ...libraries].join('\n');
  const digest = createHash('sha256').update(inputs).digest('hex').slice(0, 12);
  const program = join(folder, `ggml-peer-${digest}`);
  const peer = { name: 'ggml', command: [program, library, '1'] };
  if (existsSync(program)) return peer;
  mkdirSync(folder, { recursive: true });
  const include = join(root, '.deps/llama/include');
  const flags = ['-O2', '-std=c++17', '-pthread', `-I${include}`, `-Wl,-rpath,${library}`];
  try {
    run('c++', [...flags, source, ...libraries, '-o', program]);
  } catch (error) {
    return { ...peer, reason: error.message };
  }
  return peer;
}

function run(command, args) {
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return;
  const lines = (stderr ?? '').trim().split('\n');
  const reason = error?.message ?? lines.find((line) => /error/i.test(line)) ?? lines.at(-1);
  throw new Error(`${command} ${args.slice(0, 3).join(' ')} failed: ${reason}`);
}
