import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NativeLoadError } from '../errors.js';
import type { AttentionAddon } from './attention-addon.js';
import type { CudaAddon } from './cuda-addon.js';
import type { Isa } from './isa.js';
import type { LlamaAddon } from './llama-addon.js';
import { platformName } from './platform-name.js';

/** What native/binding exports: one interface a binding file. */
export interface Addon extends AttentionAddon, CudaAddon, LlamaAddon {
  /** The best instruction set of this CPU that kernels are built for. */
  readonly bestIsa: Isa;
}

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('../../../../', import.meta.url));
const cure = `Install sparsetune again without --omit=optional, or compile the addon: npx sparsetune build
(in a checkout: npm run build:native).`;
let loaded: { addon: Addon; path: string } | undefined;

/**
 * Loads the native addon once: the file that `SPARSETUNE_NATIVE` or `NAPI_RS_NATIVE_LIBRARY_PATH` names and no other,
 * else what was built here (cmake-js, then node-gyp), else the platform package.
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
      const { code, message } = cause as NodeJS.ErrnoException;
      tried.push(`${path}: ${code === 'MODULE_NOT_FOUND' ? 'not found' : message.split('\n')[0]}`);
    }
  }
  const machine = `${platformName()} (Node ${process.version})`;
  const message = `No native addon for ${machine}. Tried:\n  ${tried.join('\n  ')}\n${cure}`;
  throw new NativeLoadError('ERR_NATIVE_LOAD', message, tried);
}

function candidates(): string[] {
  const named = process.env['SPARSETUNE_NATIVE'] || process.env['NAPI_RS_NATIVE_LIBRARY_PATH'];
  if (named) return [resolve(named)];
  const built = ['build/cmake/Release', 'build/Release'];
  return [...built.map((dir) => `${root}${dir}/sparsetune.node`), `sparsetune-${platformName()}`];
}
