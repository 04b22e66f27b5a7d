import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { breakEven, type MicroRow } from '../../ts/micro.js';
import { temporaryFolder } from '../helpers/folder.js';
import { runCaught } from '../helpers/run-cli.js';

const tiny = ['micro', '--heads', '4/2', '--head-dim', '16', '--n-kv', '64', '--round-ms', '1'];

test('micro --json prints one object a line with the documented fields', async (t) => {
  const args = [...tiny, '--dtype', 'f32', '--config', 'streaming_llm', '--isa', 'scalar'];
  const { code, out, err } = await runCaught([...args, '--json']);
  t.is(code, 0, err);
  const rows = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as MicroRow);
  const names = ['stream', 'dense', 'streaming_llm', ...Array(6).fill('list'), 'break_even'];
  t.deepEqual(
    rows.map(({ op }) => op),
    names,
  );
  const fields = ['op', 'peer', 'nQHeads', 'nKvHeads', 'headDim', 'nKv', 'dtype', 'density'];
  for (const row of rows) {
    const isSparse = ['streaming_llm', 'list'].includes(row.op);
    const all = [...fields, 'threads', 'ms', 'median', 'bytes', 'isa', 'cpu'];
    t.deepEqual(Object.keys(row).sort(), [...all, ...(isSparse ? ['ratio'] : [])].sort());
    t.is(row.peer, 'sparsetune');
    t.is(row.isa, 'scalar');
    t.is(row.ms.length, 5);
    t.true(row.ms.every((ms) => ms > 0));
  }
});

test('micro gives a step several threads, without the lists that take one', async (t) => {
  const { out } = await runCaught([...tiny, '--threads', '2', '--json']);
  const rows = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as MicroRow);
  t.true(rows.every(({ threads }) => threads === 2));
  t.false(rows.some(({ op }) => op === 'break_even' || op === 'list'));
  const { code, err } = await runCaught([...tiny, '--threads', '2', '--op', 'break_even']);
  t.is(code, 2);
  t.regex(err, /for threads but received 2/);
});

test('micro counts the bytes and keys that a step touches', async (t) => {
  const folder = await temporaryFolder(t);
  const config = join(folder, 'half.json');
  await writeFile(config, JSON.stringify({ maskers: [{ kind: 'sink', sinkSize: 32 }] }));
  const { out } = await runCaught([
    ...tiny,
    '--op',
    'configs',
    '--dtype',
    'f32,f16',
    '--config',
    config,
    '--json',
  ]);
  const rows = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as MicroRow);
  t.deepEqual(
    rows.map(({ op, dtype, density, bytes }) => [op, dtype, density, bytes]),
    [
      ['stream', 'f32', 1, 2 * 2 * 64 * 16 * 4],
      ['dense', 'f32', 1, 2 * 2 * 64 * 16 * 4],
      ['half', 'f32', 0.5, 2 * 2 * 32 * 16 * 4],
      ['stream', 'f16', 1, 2 * 2 * 64 * 16 * 2],
      ['dense', 'f16', 1, 2 * 2 * 64 * 16 * 2],
      ['half', 'f16', 0.5, 2 * 2 * 32 * 16 * 2],
    ],
  );
});

test('micro prints a table for each shape', async (t) => {
  const { code, out, err } = await runCaught([...tiny, '--dtype', 'f16', '--config', 'quest']);
  t.is(code, 0, err);
  t.regex(out, /^64 keys, f16$/m);
  t.regex(out, /^quest .*\d$/m);
  t.regex(out, /^break-even: .* at density \d/m);
});

/** The tiny sizes without one option. */
function others(option: string): string[] {
  const pairs = [1, 3, 5, 7].map((at) => tiny.slice(at, at + 2));
  return pairs.filter(([name]) => name !== option).flat();
}

for (const [option, value, pattern] of [
  ['--heads', '32', /Expected query heads \/ KV heads such as 32\/8 for heads/],
  ['--heads', '5/2', /Expected a multiple of the 2 KV heads.* for heads/],
  ['--heads', 'many', /for heads but received "many"/],
  ['--head-dim', '0', /for head-dim but received 0/],
  ['--n-kv', '4x', /Expected a number of keys such as 4k or 1000 for n-kv/],
  ['--dtype', 'f64', /for dtype but received "f64"/],
  ['--config', 'magic_pgi', /Unknown config "magic_pgi".*magic_pig/],
  ['--config', './missing.json', /Expected a readable JSON file .* for config/],
  ['--isa', 'sse', /for isa but received "sse"/],
  ['--op', 'sparse', /Expected dense or configs or break_even for op/],
  ['--rounds', '2', /for rounds but received 2/],
  ['--round-ms', '-5', /for round-ms but received -5/],
  ['--threads', '0', /for threads but received 0/],
] as const) {
  test(`micro refuses ${option} ${value} and names the option`, async (t) => {
    const { code, err } = await runCaught(['micro', ...others(option), option, value]);
    t.is(code, 2);
    t.regex(err, pattern);
  });
}

test('break-even lies where the ratio crosses 1', (t) => {
  const lists = [
    { density: 0.1, ms: [1, 1, 1] },
    { density: 0.2, ms: [2, 2, 2] },
    { density: 0.4, ms: [8, 8, 8] },
  ];
  // Ratios 4, 2, 0.5: from 2 to 0.5 the line meets 1 after two thirds.
  t.is(breakEven(lists, [4, 4, 4]).toFixed(6), (0.2 + (0.2 * 2) / 3).toFixed(6));
  t.is(breakEven(lists, [10, 10, 10]), 1);
  t.is(breakEven(lists, [0.5, 0.5, 0.5]), 0.05);
});
