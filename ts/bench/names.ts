import { createHash } from 'node:crypto';

/** Names that Windows gives to devices, with any extension. */
const reserved = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;
const longest = 64;

/**
 * A name as one part of a path that every system takes: letters, digits and `.`, `_`, `-`. An at sign becomes a hyphen;
 * where anything else had to be changed, the end tells the name apart from others that would look the same.
 */
export function safeName(name: string): string {
  const plain = name.replaceAll('@', '-');
  const safe = plain.replaceAll(/[^\w.-]/g, '_').replace(/^[.-]+|[.]+$/g, '_');
  const isKept = safe === plain && safe !== '' && safe.length <= longest && !reserved.test(safe);
  if (isKept) return safe;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${reserved.test(safe) ? '_' : ''}${safe.slice(0, longest - 10)}-${hash}`;
}

/** The folders of a task's id: the parts between its slashes. */
export function taskFolders(id: string): readonly string[] {
  const [benchmark = '', ...rest] = id.split('/');
  return benchmark.includes(':') ? [safeName(id)] : [benchmark, ...rest].map(safeName);
}

/** What a model is called in results: a test model by its name, a file or a model of the hub by the file's name. */
export function modelName(source: string, path: string): string {
  const isName = /^[\w.-]+$/.test(source) && !/\.gguf$/i.test(source);
  const file = path.replaceAll('\\', '/').split('/').at(-1) ?? path;
  return safeName(isName ? source : file.replace(/\.gguf$/i, ''));
}
