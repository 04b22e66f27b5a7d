import type { GrowingContext } from '../fit-length.js';
import { type Draw, questionId } from '../generated-task.js';
import type { Rng } from '../rng.js';
import { addedTokens } from './added-tokens.js';

const answerTokens = 3;
const highest = 99;

/** What is asked for, and which end of the range is cut at random so that the answer varies. */
interface Kind {
  readonly name: string;
  readonly varies: 'highest' | 'lowest' | 'either';
  /** @param sorted - ascending */
  readonly find: (sorted: readonly number[]) => string;
}

const kinds: readonly Kind[] = [
  { name: 'largest number', varies: 'highest', find: (sorted) => fromTop(sorted, 0) },
  { name: 'second largest number', varies: 'highest', find: (sorted) => fromTop(sorted, 1) },
  { name: 'third largest number', varies: 'highest', find: (sorted) => fromTop(sorted, 2) },
  { name: 'smallest number', varies: 'lowest', find: (sorted) => fromBottom(sorted, 0) },
  { name: 'second smallest number', varies: 'lowest', find: (sorted) => fromBottom(sorted, 1) },
  { name: 'third smallest number', varies: 'lowest', find: (sorted) => fromBottom(sorted, 2) },
  { name: 'median', varies: 'either', find: median },
];

/** So many that the list holds what is asked for in every draw: the first three numbers differ. */
const smallest = 8;

/** A list of integers and a question on its order; the seven kinds of question take turns over the contexts. */
export function drawMathFind({ rng, place }: Draw): GrowingContext {
  const kind = kinds[place.index % kinds.length] as Kind;
  const { low, high } = drawRange(rng, kind);
  const numbers: number[] = [];
  while (new Set(numbers.slice(0, smallest)).size < 3) {
    numbers.splice(0, numbers.length);
    while (numbers.length < smallest) numbers.push(rng.integer(low, high));
  }
  return {
    smallest,
    at(count) {
      while (numbers.length < count) numbers.push(rng.integer(low, high));
      const list = numbers.slice(0, count);
      const answer = kind.find(list.toSorted((a, b) => a - b));
      return {
        id: place.id,
        text: `Find a number in the list below.\n\n[${list.join(', ')}]\n`,
        questions: [
          {
            id: questionId(place),
            question: `What is the ${kind.name} of the list? Answer with the number alone.`,
            answerPrefix: ` The ${kind.name} of the list is`,
            gold: ` ${answer}`,
            references: [answer],
            maxNewTokens: answerTokens + addedTokens,
          },
        ],
      };
    },
  };
}

function drawRange(rng: Rng, { varies }: Kind): { low: number; high: number } {
  const side = varies === 'either' ? rng.pick(['highest', 'lowest']) : varies;
  return side === 'highest'
    ? { low: 0, high: rng.integer(Math.ceil(0.8 * highest), highest) }
    : { low: rng.integer(0, Math.floor(0.2 * highest)), high: highest };
}

/** Second and third count distinct values. */
function fromBottom(sorted: readonly number[], rank: number): string {
  return String([...new Set(sorted)][rank]);
}

function fromTop(sorted: readonly number[], rank: number): string {
  return fromBottom(sorted.toReversed(), rank);
}

/** Of an even number of values the mean of the middle two, with a decimal even where it is whole, as Python has it. */
function median(sorted: readonly number[]): string {
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] as number;
  if (sorted.length % 2 === 1) return String(upper);
  return ((upper + (sorted[half - 1] as number)) / 2).toFixed(1);
}

/** The first number is whole where something follows it that cannot belong to it. */
export function isFirstDecimalDone(prediction: string): boolean {
  return (
    /^\D*(?:\d+\.\d+|\d+)(?:[^\d.]|\.\D)/.test(prediction) || /^\D*\d+\.\d+\./.test(prediction)
  );
}
