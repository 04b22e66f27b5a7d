import { existsSync, readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { cpus, freemem, release, totalmem } from 'node:os';
import { dirname } from 'node:path';
import type { CommandModule } from 'yargs';
import { deviceNames, type LoadedLlamaLibrary, loadLlamaLibrary } from '../engine/llama-library.js';
import { resolveHome } from '../home.js';
import { testModels } from '../models/test-models.js';
import { addonPath, loadAddon } from '../native/addon.js';
import { type Info, info } from '../native/info.js';
import type { LlamaDevice } from '../native/llama-addon.js';
import { usableThreads } from '../threads.js';
import { version } from '../version.js';
import { type CliContext, type ExitCode, exitCodes, print } from './context.js';
import { homeOption, jsonOption } from './options.js';
import { bytes } from './view/format.js';

/** One line of the report: what was looked at, what was found, and whether it will do. */
export interface Finding {
  readonly name: string;
  readonly text: string;
  readonly isGood: boolean;
}

/** CPU features that some kernel here makes use of, as Linux names them. */
const usefulFeatures = [
  'avx',
  'avx2',
  'fma',
  'f16c',
  'avx512f',
  'avx512bw',
  'avx512dq',
  'avx512vl',
  'avx512_vnni',
  'avx512_bf16',
  'asimd',
  'sve',
];

/** `sparsetune doctor`: what this machine has and what is missing, each with its cure. */
export function doctorCommand(
  context: CliContext,
  finish: (code: ExitCode) => void,
): CommandModule<object, { home?: string; json: boolean }> {
  return {
    command: 'doctor',
    describe: 'show what this machine can do and what is missing',
    builder: (yargs) => yargs.options({ home: homeOption, json: jsonOption }) as never,
    handler: async ({ home, json }) => {
      const findings = await examine(resolveHome(home, context.env));
      print(context, json ? [JSON.stringify(findings)] : findings.map(findingLine));
      finish(findings.every(({ isGood }) => isGood) ? exitCodes.done : exitCodes.failed);
    },
  };
}

export async function examine(home: string): Promise<Finding[]> {
  return [
    good(
      'sparsetune',
      `${version}, node ${process.version}, ${process.platform}-${process.arch} ${release()}`,
    ),
    good(
      'cpu',
      `${cpus()[0]?.model.trim() ?? 'unknown'}; ${cpuFeatures().join(' ') || 'features unknown'}`,
    ),
    good('threads', threadsText()),
    good('memory', `${bytes(totalmem())}, ${bytes(freemem())} free`),
    await tried(
      'native addon',
      () => `${addonPath()}, instruction set in use: ${loadAddon().bestIsa}`,
    ),
    await tried('cuda', cudaText),
    await tried('llama.cpp', async () => llamaText(await loadLlamaLibrary())),
    good('gpu layers', await gpuLayersText()),
    good('home', await homeText(home)),
    good(
      'test models',
      testModels
        .map(
          ({ name, file }) =>
            `${name} ${existsSync(`${home}/models/${file}`) ? 'here' : 'not here'}`,
        )
        .join(', '),
    ),
  ];
}

function findingLine({ name, text, isGood }: Finding): string {
  return `${isGood ? 'ok ' : 'BAD'}  ${name.padEnd(13)} ${text.split('\n').join(`\n${' '.repeat(19)}`)}`;
}

function good(name: string, text: string): Finding {
  return { name, text, isGood: true };
}

async function tried(name: string, look: () => string | Promise<string>): Promise<Finding> {
  try {
    return good(name, await look());
  } catch (error) {
    return { name, text: (error as Error).message, isGood: false };
  }
}

function llamaText({ release: build, packageName, packageVersion, devices }: LoadedLlamaLibrary) {
  return `${build} of ${packageName} ${packageVersion}; devices: ${deviceNames(devices)}`;
}

/** As for CUDA: without a GPU nothing is wrong. */
async function gpuLayersText(): Promise<string> {
  try {
    const library = await loadLlamaLibrary({ gpu: true });
    return `${llamaText(library)}; ${attentionText(library.devices, info())}`;
  } catch (error) {
    return `not available: ${(error as Error).message.replace(/ Looked in:.*/s, '')}`;
  }
}

/** Where our attention of layers on these devices can run; the rule is that of native/llama/device_attention.cpp. */
export function attentionText(
  devices: readonly LlamaDevice[],
  { cudaReason }: Pick<Info, 'cudaReason'>,
): string {
  const nGpus = devices.filter(({ name }) => name.startsWith('CUDA')).length;
  if (nGpus === 1 && cudaReason === undefined) return 'attention on the GPU';
  const reason = nGpus > 1 ? 'several GPUs' : nGpus === 0 ? 'not CUDA' : cudaReason;
  return `attention on the CPU, over copies (${reason})`;
}

/** A GPU is no need, so its absence is no fault. */
function cudaText(): string {
  const { cudaBuilt, cudaDevice, cudaReason } = info();
  const kernels = cudaBuilt ? 'kernels built' : 'kernels not built';
  return `${kernels}; ${cudaDevice ?? `not available: ${cudaReason}`}`;
}

function threadsText(): string {
  const { threads, cores, quota } = usableThreads();
  const limit = quota === undefined ? 'no CPU quota' : `CPU quota ${quota}`;
  return `${threads} (${cores} of ${cpus().length} cores, ${limit})`;
}

function cpuFeatures(): string[] {
  if (process.platform !== 'linux' || !existsSync('/proc/cpuinfo')) return [];
  const line = /^(?:flags|Features)\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'));
  const flags = new Set((line?.[1] ?? '').trim().split(/\s+/));
  return usefulFeatures.filter((feature) => flags.has(feature));
}

async function homeText(home: string): Promise<string> {
  let existing = home;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  const { bavail, bsize } = await statfs(existing);
  return `${home}${existing === home ? '' : ' (not made yet)'}, ${bytes(bavail * bsize)} free`;
}
