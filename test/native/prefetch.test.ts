import { spawnSync } from 'node:child_process';
import test from 'ava';
import { addonPath } from '../../ts/native/addon.js';

// A compiler may take a function that does nothing but prefetch for one without effect, and drop its calls. Results
// stay right and only speed is lost, so what the addon was compiled to is looked at.

/**
 * Kernels that ask for rows ahead, with the least prefetches into the second cache and into the first that their loops
 * hold; a tile asks for four rows.
 */
const kernels: readonly (readonly [RegExp, number, number])[] = [
  [/::ValueTile<\d+, \d+, true, /, 1, 1],
  [/::AttendRowsOf</, 16, 8],
  [/::ScoreRowsOf</, 16, 8],
  [/::ScoreTile<\d+>/, 1, 1], // of int8 scores
  [/::CodesOfTile</, 1, 0],
  [/::LookUpOf\(/, 8, 0],
];

/** Prefetches of every function, by its name; a name stands once for each instruction set. */
function prefetches(): [string, number, number][] {
  const args = ['-d', '-C', '--no-show-raw-insn', addonPath()];
  const { stdout } = spawnSync('objdump', args, { encoding: 'utf8', maxBuffer: 2 ** 30 });
  return stdout.split(/^[0-9a-f]+ (?=<.*>:$)/m).map((text) => {
    const name = text.slice(0, text.indexOf('\n'));
    const count = (pattern: RegExp) => text.match(pattern)?.length ?? 0;
    return [name, count(/\sprefetcht1\s/g), count(/\sprefetcht0\s/g)];
  });
}

const isReadable =
  process.platform === 'linux' &&
  process.arch === 'x64' &&
  spawnSync('objdump', ['--version']).status === 0;

if (isReadable) {
  test('every kernel that asks for rows ahead still does when compiled', (t) => {
    const functions = prefetches();
    for (const [pattern, least, leastNear] of kernels) {
      const found = functions.filter(([name]) => pattern.test(name) && !name.includes('.cold'));
      t.true(found.length >= 2, `${pattern} by avx2 and avx512`);
      for (const [name, count, near] of found) {
        t.true(count >= least && near >= leastNear, `${count} and ${near} in ${name}`);
      }
    }
  });
}
