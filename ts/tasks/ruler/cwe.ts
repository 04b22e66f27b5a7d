import type { GrowingContext } from '../fit-length.js';
import { type Draw, questionId } from '../generated-task.js';
import { numberedList } from '../lists.js';
import type { Rng } from '../rng.js';
import { commonWords } from '../words.js';

const nCommon = 10;

/** How often words occur, and how many an example has: of short contexts less. */
interface Repeats {
  readonly common: number;
  readonly uncommon: number;
  readonly example: { readonly words: number; readonly common: number; readonly uncommon: number };
}

const long: Repeats = {
  common: 30,
  uncommon: 3,
  example: { words: 40, common: 10, uncommon: 3 },
};
const short: Repeats = { common: 6, uncommon: 1, example: { words: 20, common: 3, uncommon: 1 } };

/** Words by their number of occurrences: the first ten are the common ones. */
interface WordList {
  readonly words: readonly string[];
  readonly common: number;
  readonly uncommon: number;
}

/**
 * Common words: a numbered list in which ten words occur more often than the others, after a worked example with
 * its own list.
 */
export function drawCwe({ rng, place, stream }: Draw, length: number): GrowingContext {
  const repeats = length >= 4096 ? long : short;
  const words = wordsFrom(rng);
  const example = {
    ...repeats.example,
    words: wordsFrom(stream('example'))(repeats.example.words),
  };
  const shown = makeItem(example, stream('example order'));
  return {
    smallest: 2 * nCommon,
    at(count) {
      const list = { words: words(count), common: repeats.common, uncommon: repeats.uncommon };
      const { text, gold } = makeItem(list, stream(`order of ${count}`));
      return {
        id: place.id,
        text: `${shown.text}${question}${answerPrefix}${shown.gold}\n${text}`,
        questions: [
          {
            id: questionId(place),
            question,
            answerPrefix,
            gold,
            references: list.words.slice(0, nCommon),
            maxNewTokens: 120,
          },
        ],
      };
    },
  };
}

const question = 'Which ten words occur most often?';
const answerPrefix = ' Answer: the ten most frequent words are:';

/** The first `count` of an endless list of distinct words: real ones, then made-up ones. */
function wordsFrom(rng: Rng): (count: number) => string[] {
  const words = rng.shuffle(commonWords);
  const used = new Set(words);
  return (count) => {
    while (words.length < count) {
      const word = madeUpWord(rng);
      if (!used.has(word)) words.push(word);
      used.add(word);
    }
    return words.slice(0, count);
  };
}

const consonants = [...'bcdfghjklmnpqrstvwxz'];
const vowels = [...'aeiou'];

function madeUpWord(rng: Rng): string {
  return [consonants, vowels, consonants, vowels, consonants]
    .map((some) => rng.pick(some))
    .join('');
}

/** The list in a random order; the answer has the common words in the order in which they first occur. */
function makeItem({ words, common, uncommon }: WordList, rng: Rng) {
  const items = rng.shuffle(
    words.flatMap((word, i) => new Array<string>(i < nCommon ? common : uncommon).fill(word)),
  );
  const wanted = words.slice(0, nCommon).sort((a, b) => items.indexOf(a) - items.indexOf(b));
  return {
    text: `Here is a numbered list in which ten words occur more often than the rest.\n${numberedList(items)}\n`,
    gold: ` ${numberedList(wanted)}`,
  };
}
