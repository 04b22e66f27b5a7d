import test from 'ava';
import { attentionText } from '../../ts/cli/doctor.js';
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

const onCpu = (reason: string) => `attention on the CPU, over copies (${reason})`;
const places: Readonly<Record<string, readonly [names: string[], reason: string, text: string]>> = {
  'one GPU of CUDA': [['CUDA0', 'CPU'], '', 'attention on the GPU'],
  'an addon without CUDA': [['CUDA0', 'CPU'], 'no kernels', onCpu('no kernels')],
  'several GPUs': [['CUDA0', 'CUDA1', 'CPU'], '', onCpu('several GPUs')],
  'another back end': [['Vulkan0', 'CPU'], '', onCpu('not CUDA')],
};

for (const [what, [names, reason, text]] of Object.entries(places)) {
  test(`doctor says where attention can run: ${what}`, (t) => {
    const devices = names.map((name) => ({ name, description: '', isGpu: name !== 'CPU' }));
    t.is(attentionText(devices, reason === '' ? {} : { cudaReason: reason }), text);
  });
}
