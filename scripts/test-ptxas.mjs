// Registers, spills and shared memory of every CUDA kernel against test/simt/ptxas-budgets.json: npm run test:ptxas
// Needs nvcc (npm run setup:cuda), no GPU. `-- --write` writes the table anew.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { CudaError, cudaSources, findCuda, nvccFlags } from '../native/cuda/nvcc.mjs';
import { fail, output, root, SetupError, step } from './setup/process.mjs';

const table = join(root, 'test/simt/ptxas-budgets.json');
const arch = '80';
const parallel = 2;
const quantities = ['registers', 'spillBytes', 'sharedBytes'];

async function testPtxas(isWriting) {
  const cuda = findCuda('on');
  step(`nvcc ${cuda.version}: kernels for sm_${arch}`);
  const printed = await compileAll(cuda);
  const found = summarise(printed.flatMap(kernelsOf));
  if (isWriting) {
    const budgets = { nvcc: cuda.version, arch: `sm_${arch}`, kernels: found };
    writeFileSync(table, `${JSON.stringify(budgets, null, 2)}\n`);
    step(`written: ${table}`);
    return true;
  }
  return compare(found, JSON.parse(readFileSync(table, 'utf8')).kernels);
}

/** What ptxas says of each source. */
async function compileAll(cuda) {
  const sources = cudaSources();
  const printed = [];
  const work = async () => {
    for (let source = sources.shift(); source !== undefined; source = sources.shift()) {
      printed.push(await compile(cuda, source));
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  return printed;
}

function compile({ nvcc, ...cuda }, source) {
  const args = [...nvccFlags(cuda, [arch]), '-Xptxas=-v', '-c', source, '-o', devNull];
  const child = spawn(nvcc, args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
  let printed = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    printed += text;
  });
  return new Promise((done, refuse) => {
    child.on('close', (code) => {
      if (code === 0) done(printed);
      else refuse(new SetupError(`nvcc ${source}:\n${printed}`));
    });
  });
}

/** Each kernel that ptxas names, with its numbers. */
function kernelsOf(printed) {
  const parts = printed.split(/Compiling entry function '/).slice(1);
  return parts.map((part) => {
    const number = (form) => Number(form.exec(part)?.[1] ?? 0);
    return {
      name: part.slice(0, part.indexOf("'")),
      registers: number(/Used (\d+) registers/),
      spillBytes: number(/(\d+) bytes spill stores/) + number(/(\d+) bytes spill loads/),
      sharedBytes: number(/(\d+) bytes smem/),
    };
  });
}

/** The largest numbers of each kernel, f32 or not, and group, over the other types and the head dimensions. */
function summarise(kernels) {
  const mangled = [...new Set(kernels.map(({ name }) => name))];
  const printed = output('c++filt', mangled);
  if (printed === undefined) throw new SetupError('test:ptxas needs c++filt (Debian: binutils)');
  const lines = printed.replaceAll('(anonymous namespace)::', '').split('\n');
  const plain = new Map(mangled.map((name, i) => [name, lines[i]]));
  const found = {};
  for (const kernel of kernels) {
    const [, name, types = ''] = /(\w+)(<.*>)?\(/.exec(plain.get(kernel.name)) ?? [];
    const group = /, (\d+)>$/.exec(types)?.[1];
    const key = [
      name,
      ...(types.includes('float') ? ['f32'] : []),
      ...(group === undefined ? [] : [`group ${group}`]),
    ].join(', ');
    found[key] ??= { registers: 0, spillBytes: 0, sharedBytes: 0 };
    for (const quantity of quantities) {
      found[key][quantity] = Math.max(found[key][quantity], kernel[quantity]);
    }
  }
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function compare(found, budgets) {
  const names = [...new Set([...Object.keys(found), ...Object.keys(budgets)])].sort();
  const failures = names.filter((name) => {
    const problems = problemsOf(found[name], budgets[name]);
    for (const problem of problems) process.stdout.write(`failed: ${name}: ${problem}\n`);
    return problems.length > 0;
  });
  process.stdout.write(`${names.length - failures.length} passed, ${failures.length} failed\n`);
  return failures.length === 0 && names.length > 0;
}

function problemsOf(kernel, budget) {
  if (kernel === undefined) return ['is in the table, but not in native/cuda'];
  if (budget === undefined) return ['is not in the table: npm run test:ptxas -- --write'];
  return quantities
    .filter((quantity) => kernel[quantity] > budget[quantity])
    .map((quantity) => `${kernel[quantity]} ${quantity}, at most ${budget[quantity]}`);
}

try {
  process.exitCode = (await testPtxas(process.argv.includes('--write'))) ? 0 : 1;
} catch (error) {
  fail(error instanceof CudaError ? new SetupError(error.message) : error);
}
