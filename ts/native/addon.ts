import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NativeLoadError } from '../errors.js';
import type { AttentionAddon } from './attention-addon.js';
import type { Isa } from './isa.js';
import type { LlamaAddon } from './llama-addon.js';

/** What native/binding exports: one interface a binding file. */
export interface Addon extends AttentionAddon, LlamaAddon {
  /** The best instruction set of this CPU that kernels are built for. */
  readonly bestIsa: Isa;
}

const require = createRequire(import.meta.url);
let loaded: { addon: Addon; path: string } | undefined;

/**
 * Loads the native addon once: `SPARSETUNE_NATIVE` if set, else the build of this checkout
 * (cmake-js, then node-gyp), else the platform package.
 *
 * @throws {NativeLoadError} `ERR_NATIVE_LOAD` with every file that was tried and the cure
 */
export function loadAddon(): Addon {
  loaded ??= tryAll();
  return loaded.addon;
}

/** The file that loadAddon took. */
export function addonPath(): string {
  loaded ??= tryAll();
  return loaded.path;
}

function tryAll(): { addon: Addon; path: string } {
  const tried: string[] = [];
  for (const path of candidates()) {
    try {
      return { addon: require(path) as Addon, path: require.resolve(path) };
    } catch (cause) {
      tried.push(`${path}: ${(cause as Error).message.split('\n')[0]}`);
    }
  }
  throw new NativeLoadError(
    'ERR_NATIVE_LOAD',
    `No native addon for ${process.platform}-${process.arch}. Run "npm run build:native" in a checkout. Tried:\n  ${tried.join('\n  ')}`,
    tried,
  );
}

function candidates(): string[] {
  const named = process.env['SPARSETUNE_NATIVE'];
  if (named !== undefined && named !== '') return [resolve(named)];
  const root = fileURLToPath(new URL('../../../../', import.meta.url));
  return [
    `${root}build/cmake/Release/sparsetune.node`,
    `${root}build/Release/sparsetune.node`,
    `sparsetune-${platformName()}`,
  ];
}

function platformName(): string {
  const { platform, arch } = process;
  if (platform === 'win32') return `win32-${arch}-msvc`;
  if (platform === 'darwin') return `darwin-${arch}`;
  const { header } = process.report.getReport() as unknown as { header: Record<string, unknown> };
  return `${platform}-${arch}-${'glibcVersionRuntime' in header ? 'gnu' : 'musl'}`;
}
