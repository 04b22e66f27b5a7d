// What a step of attention asks of a GPU: where the addon that test:simt builds is taken, the emulator counts it.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { info } from '../../ts/index.js';
import { type CudaCall, type CudaCalls, countCalls, countedKeys } from '../helpers/cuda-calls.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const read = (path: string) => readFileSync(root + path, 'utf8');
const recorded = JSON.parse(read('test/simt/cuda-calls.json')) as Record<number, CudaCalls>;
const cure = 'npm run bench:cuda-model -- --count --write';

test('docs/cuda.md has what bench:cuda-model prints', (t) => {
  const { stdout } = spawnSync(process.execPath, ['bench/cuda-model.mjs'], {
    cwd: root,
    encoding: 'utf8',
  });
  const [, written = ''] =
    /<!-- cuda-model:begin -->(.*)<!-- cuda-model:end -->/s.exec(read('docs/cuda.md')) ?? [];
  const plain = (text: string) => text.replaceAll(/-+/g, '-').replaceAll(/\s+/g, ' ').trim();
  t.true(stdout.length > 1000);
  t.is(plain(written), plain(stdout), cure);
});

if (info().cudaDevice === 'emulated') {
  for (const nKv of countedKeys) {
    test.serial(`steps over ${nKv} keys ask for what test/simt/cuda-calls.json says`, (t) => {
      const counted = countCalls(nKv);
      const expected = recorded[nKv] ?? {};
      t.deepEqual(launchesOf(counted), launchesOf(expected), cure);
      for (const [name, call] of Object.entries(counted)) {
        const known = expected[name];
        // Other compilers round otherwise, and may keep another key.
        isWithin(t, call.bytes, known?.bytes, 0.005, `bytes of ${name}; ${cure}`);
        isWithin(t, call.keys, known?.keys, 0.005, `keys of ${name}; ${cure}`);
        t.true(call.bytes >= call.bytesRead, `${name} reads what it says that it reads`);
      }
      const { bytes, bytesRead } = counted['dense'] ?? { bytes: Number.NaN, bytesRead: 0 };
      isWithin(t, bytes, bytesRead, 0.04, 'dense attention reads little but its keys and values');
    });
  }

  test.serial('what steps ask for grows with the keys as a line', (t) => {
    const nKv = 2 * countedKeys[1];
    for (const [name, call] of Object.entries(countCalls(nKv))) {
      const [first, second] = countedKeys.map((n) => recorded[n]?.[name]);
      const expected = (quantity: keyof CudaCall) => {
        const [low = Number.NaN, high = Number.NaN] = [first?.[quantity], second?.[quantity]];
        return high + 2 * (high - low);
      };
      t.is(call.launches, expected('launches'), name);
      isWithin(t, call.bytes, expected('bytes'), 0.02, `bytes of ${name}`);
    }
  });
}

function launchesOf(calls: CudaCalls): [string, number][] {
  return Object.entries(calls).map(([name, { launches }]) => [name, launches]);
}

function isWithin(
  t: ExecutionContext,
  actual: number,
  expected: number | undefined,
  share: number,
  message: string,
): void {
  const difference = Math.abs(actual - (expected ?? Number.NaN));
  t.true(difference <= share * actual, `${message}: ${actual}, not ${expected}`);
}
