import type { GrowingContext } from '../fit-length.js';
import { type Draw, questionId } from '../generated-task.js';
import { sentenceList } from '../lists.js';
import { drawDistinct } from '../words.js';

/** zeta(2), over which counts that fall as 1 / rank^2 sum to 1. */
const zeta2 = Math.PI ** 2 / 6;
/** The most frequent word is noise. */
const dots = '...';
const nWanted = 3;
const letters = [...'abcdefghijklmnopqrstuvwxyz'];

/**
 * Frequent words: made-up words whose frequencies fall with the square of their rank (Zipf, alpha 2), of which the
 * three most frequent are asked for. Rank 1 is dots and does not count.
 */
export function drawFwe({ rng, place, stream }: Draw, length: number): GrowingContext {
  const vocabulary = Math.max(nWanted + 2, Math.floor((length - 50) / 50));
  const drawWord = () => Array.from({ length: 6 }, () => rng.pick(letters)).join('');
  const words = [dots, ...drawDistinct(vocabulary - 1, drawWord)];
  const wanted = words.slice(1, nWanted + 1);
  return {
    smallest: smallestTotal,
    at(total) {
      const counts = words.map((_, i) => countOf(i + 1, total));
      const items = words.flatMap((word, i) => new Array<string>(counts[i] as number).fill(word));
      const text = stream(`order of ${total}`).shuffle(items).join(' ');
      return {
        id: place.id,
        text: `Count the made-up words in this text; dots do not count. ${text}\n`,
        questions: [
          {
            id: questionId(place),
            question: 'Which three words occur most often?',
            answerPrefix: ' Answer: the three most frequent words are:',
            gold: ` ${sentenceList(wanted)}`,
            references: wanted,
            maxNewTokens: 50,
          },
        ],
      };
    },
  };
}

function countOf(rank: number, total: number): number {
  return Math.trunc(total / rank ** 2 / zeta2);
}

/** Least total with which the third word that counts occurs twice, so more often than the next. */
const smallestTotal = Math.ceil(2 * (nWanted + 1) ** 2 * zeta2);
