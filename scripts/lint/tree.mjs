// Rules on the tree that no linter knows: sizes, names of machines, native rooms, what must not be committed.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { output, root, SetupError } from '../setup/process.mjs';

/** Which folders of native/ a file of a folder may include; its own is always allowed. */
const nativeRooms = {
  core: [],
  kernels: ['core'],
  maskers: ['core', 'kernels'],
  cuda: ['core', 'kernels'],
  device: ['core', 'kernels', 'maskers', 'cuda'],
  llama: ['core', 'kernels', 'maskers', 'device'],
  binding: ['core', 'kernels', 'maskers', 'llama', 'cuda', 'device'],
};
const headerRooms = { 'napi.h': 'binding', 'llama.h': 'llama', 'cuda_runtime.h': 'cuda' };

// Written in pieces, so that this file does not break its own rules.
const registryHosts = [
  ['registry', 'npmjs'],
  ['registry', 'yarnpkg'],
  ['py', 'pi.org'],
  ['python', 'hosted'],
  ['proxy', 'golang'],
  ['deb', 'debian'],
].map(([first, second]) =>
  first === 'py' || first === 'python' ? first + second : `${first}.${second}`,
);
const machinePath = /(^|[^\w.])\/(work|root|home\/[a-z]+)\//;
const openMark = new RegExp(['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X\\b', 'HA' + 'CK'].join('|'));
const maxLines = 400;

export function checkTree() {
  const paths = (output('git', ['ls-files', '--cached', '--others', '--exclude-standard']) ?? '')
    .split('\n')
    .filter((path) => path !== '' && existsSync(join(root, path)));
  const problems = paths.flatMap((path) =>
    isBinary(path) ? [`${path}: binaries are not committed`] : problemsOf(path),
  );
  if (problems.length > 0) throw new SetupError(`tree:\n  ${problems.join('\n  ')}`);
}

function isBinary(path) {
  return /\.(node|gguf|so|dylib|dll|a|o)$/.test(path);
}

function problemsOf(path) {
  const text = readFileSync(join(root, path), 'utf8');
  const lines = text.split('\n');
  const problems = [];
  const add = (index, message) =>
    problems.push(`${path}${index === undefined ? '' : `:${index + 1}`}: ${message}`);
  if (
    /^(ts|native|scripts|test)\/.*\.(ts|mjs|cpp|h|inl|cu|cuh)$/.test(path) &&
    lines.length - 1 > maxLines
  ) {
    add(undefined, `${lines.length - 1} lines, at most ${maxLines}`);
  }
  if (path === 'package-lock.json' && text.includes('"resolved"'))
    add(undefined, 'carries download addresses');
  for (const [index, line] of lines.entries()) {
    for (const message of problemsOfLine(path, line)) add(index, message);
  }
  return problems;
}

function problemsOfLine(path, line) {
  const problems = [];
  if (registryHosts.some((host) => line.includes(host)))
    problems.push('names the host of a package registry');
  if (path !== 'package-lock.json' && machinePath.test(line))
    problems.push('holds an absolute path of a machine');
  if (/^(ts|native|bench)\//.test(path) && openMark.test(line))
    problems.push('an open mark: file an issue instead');
  if (/^test\/.*\.ts$/.test(path) && /\btest\.(skip|only|failing|todo)\b/.test(line))
    problems.push('a test that does not run');
  return [...problems, ...problemsOfInclude(path, line)];
}

function problemsOfInclude(path, line) {
  const [, room] = /^native\/(\w+)\//.exec(path) ?? [];
  const [, header] = /^\s*#include [<"]([^>"]+)[>"]/.exec(line) ?? [];
  if (room === undefined || header === undefined) return [];
  const owner = headerRooms[header];
  if (owner !== undefined) return owner === room ? [] : [`${header} belongs to native/${owner}`];
  const [, target] = /^(\w+)\//.exec(header) ?? [];
  if (target === undefined || target === room || !(target in nativeRooms)) return [];
  return nativeRooms[room]?.includes(target)
    ? []
    : [`native/${room} may not include native/${target}`];
}
