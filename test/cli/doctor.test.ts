import test from 'ava';
import { temporaryFolder } from '../helpers/folder.js';
import { runCaught } from '../helpers/run-cli.js';

test('doctor names what it found, one line each', async (t) => {
  const home = await temporaryFolder(t);
  const { out, code } = await runCaught(['doctor', '--home', home, '--json']);
  const findings = JSON.parse(out) as { name: string; text: string; isGood: boolean }[];
  t.deepEqual(
    findings.map(({ name }) => name),
    [
      'sparsetune',
      'cpu',
      'threads',
      'memory',
      'native addon',
      'cuda',
      'llama.cpp',
      'gpu layers',
      'home',
      'test models',
    ],
  );
  t.is(code, findings.every(({ isGood }) => isGood) ? 0 : 1);
  const text = (wanted: string) => findings.find(({ name }) => name === wanted)?.text ?? '';
  t.true(text('home').startsWith(home));
  t.regex(text('llama.cpp'), /devices: .*CPU \(/);
  t.regex(text('gpu layers'), /devices: |--gpu-layers/);
});
