// The scripts that make packages, with their types, and the addon of this checkout as it is shipped.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext, TestFn } from 'ava';
import { platformName } from '../../ts/native/platform-name.js';
import { temporaryFolder } from './folder.js';

interface PackOptions {
  binaries: string;
  out: string;
  isComplete?: boolean;
  repository?: string;
}

export interface Packed {
  root: string;
  platforms: Record<string, string>;
}

interface Run {
  code: number;
  out: string;
  err: string;
}

interface PackScript {
  pack(options: PackOptions): Packed;
  stageRoot(stage: string): string;
  napi(folder: string, args: string[]): void;
  platforms(): string[];
}

interface BinaryScript {
  shipBinary(options: { built: string; platform: string; folder: string }): string;
  requirements(path: string): { libraries: string[]; glibc: string };
}

interface ConsumerScript {
  bareEnvironment(folder: string, more?: string[]): NodeJS.ProcessEnv;
  emptyProject(folder: string): string;
  installTarballs(folder: string, tarballs: string[], env: NodeJS.ProcessEnv): void;
  npxSparsetune(folder: string, args: string[], env: NodeJS.ProcessEnv): Run;
}

interface ExecuteScript {
  execute(command: string, args: string[], options?: object): Run;
}

export const root = fileURLToPath(new URL('../../../../', import.meta.url));
const load = <Script>(name: string): Promise<Script> =>
  import(new URL(`../../../../scripts/release/${name}.mjs`, import.meta.url).href);

export const { pack, stageRoot, napi, platforms } = await load<PackScript>('pack');
export const { shipBinary, requirements } = await load<BinaryScript>('binary');
export const { bareEnvironment, emptyProject, installTarballs, npxSparsetune } =
  await load<ConsumerScript>('consumer');
export const { execute } = await load<ExecuteScript>('execute');

/** A folder that holds the addon of this checkout as it is shipped. */
export async function shippedBinaries(t: ExecutionContext): Promise<string> {
  const folder = await temporaryFolder(t);
  const built = join(root, 'build/cmake/Release/sparsetune.node');
  shipBinary({ built, platform: platformName(), folder });
  return folder;
}

/** The packages of this checkout for this machine, made before the tests of a file and removed after them. */
export function packBefore(test: TestFn): () => Packed {
  const folder = mkdtempSync(join(tmpdir(), 'sparsetune-test-'));
  let packed: Packed | undefined;
  test.before(() => {
    const built = join(root, 'build/cmake/Release/sparsetune.node');
    shipBinary({ built, platform: platformName(), folder });
    packed = pack({ binaries: folder, out: folder });
  });
  test.after.always(() => rmSync(folder, { recursive: true, force: true }));
  return () => {
    if (packed === undefined) throw new Error('nothing was packed');
    return packed;
  };
}
