import { quotePattern } from '../text-pattern.js';
import { dataFileTypes } from './read-rows.js';

/** Names under which the files of one task may lie in a data set's folder. */
export interface WantedFiles {
  /** Names of the config, folder or file, the likeliest first. */
  readonly names: readonly string[];
  /** Names of files that stand for the whole data set where it has no configs, e.g. `test`. */
  readonly wholeNames?: readonly string[];
  /** Names of the data set's own splits, the likeliest first. Default `test`, then `train`. */
  readonly splits?: readonly string[];
}

/**
 * The files of a task among the paths of a data set's folder: `<config>/test-*.parquet` as the hub keeps them, or
 * `<config>.jsonl`, each at any depth and with any of the endings. Of a file in parts all parts, in order.
 *
 * @param paths - relative, with forward slashes
 * @returns none where there is none, or where a part is missing
 */
export function findDataFiles(
  paths: readonly string[],
  { names, wholeNames = [], splits = ['test', 'train'] }: WantedFiles,
): readonly string[] {
  const split = splits.map(quotePattern).join('|');
  const safe = paths.filter((path) => !path.split('/').includes('..'));
  const stems = [
    ...names.map((name) => `(?:.*/)?${quotePattern(name)}/(?:${split})`),
    ...names.map((name) => `(?:.*/)?${quotePattern(name)}`),
    ...wholeNames.map((name) => `(?:data/)?${quotePattern(name)}`),
  ];
  for (const stem of stems) {
    for (const type of dataFileTypes) {
      const files = wholeSet(safe, new RegExp(`^(${stem})(?:-(\\d+)-of-(\\d+))?\\.${type}$`));
      if (files.length > 0) return files;
    }
  }
  return [];
}

/** The first complete file, or list of parts, that a pattern with stem, part and count matches. */
function wholeSet(paths: readonly string[], pattern: RegExp): string[] {
  const sets = new Map<string, string[]>();
  for (const path of [...paths].sort()) {
    const match = pattern.exec(path);
    if (match === null) continue;
    const [, stem = '', , count = '1'] = match;
    const key = `${stem} ${count}`;
    sets.set(key, [...(sets.get(key) ?? []), path]);
  }
  for (const [key, files] of sets) {
    if (files.length === Number(key.slice(key.lastIndexOf(' ')))) return files;
  }
  return [];
}
