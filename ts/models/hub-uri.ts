import { rejectArgument } from '../errors.js';

/** A parsed `hf:` URI: a file by its path, or a quantisation by its name. */
export interface HubUri {
  readonly repo: string;
  readonly file?: string;
  readonly quantisation?: string;
  readonly revision: string;
}

const form = 'hf:owner/repo/file.gguf or hf:owner/repo:Q4_K_M, each with an optional @revision';

/** @throws {TypeError} `ERR_ARGUMENT` with the form that was expected */
export function parseHubUri(uri: string): HubUri {
  const match = /^hf:([\w.-]+\/[\w.-]+)(?:\/([^@:]+)|:([\w.-]+))(?:@(.+))?$/.exec(uri);
  if (match === null) return rejectArgument('model', form, uri);
  const [, repo = '', file, quantisation, revision = 'main'] = match;
  const isSafe = ![repo, file ?? '', revision].some((part) => part.split('/').includes('..'));
  if (!isSafe || (file !== undefined && !file.toLowerCase().endsWith('.gguf'))) {
    return rejectArgument('model', form, uri);
  }
  if (file !== undefined) return { repo, file, revision };
  return { repo, quantisation: quantisation as string, revision };
}

/** Picks the files of a quantisation out of a listing: those whose name holds it as a word; projectors do not count. */
export function filesOfQuantisation(paths: readonly string[], quantisation: string): string[] {
  const wanted = quantisation.toLowerCase();
  const isMatch = (path: string) => {
    const words = path
      .toLowerCase()
      .replace(/(-\d{5}-of-\d{5})?\.gguf$/, '')
      .split(/[-./]/);
    return words.includes(wanted) && !words.includes('mmproj');
  };
  return paths.filter((path) => path.toLowerCase().endsWith('.gguf') && isMatch(path)).sort();
}
