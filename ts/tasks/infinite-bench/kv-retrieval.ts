import type { GrowingContext } from '../fit-length.js';
import { type Draw, questionId } from '../generated-task.js';
import { quotePattern } from '../text-pattern.js';
import { drawUuid } from '../words.js';
import { addedTokens } from './added-tokens.js';

const answerTokens = 50;

/**
 * A JSON object of random UUIDs, and the question for the value of one key. The contexts of a split ask for pairs
 * evenly spread over the object.
 */
export function drawKvRetrieval({ rng, place, spread }: Draw): GrowingContext {
  const pairs: { readonly key: string; readonly value: string }[] = [];
  const depth = spread('depth');
  return {
    smallest: 2,
    at(count) {
      while (pairs.length < count) pairs.push({ key: drawUuid(rng), value: drawUuid(rng) });
      const index = Math.floor(depth * count);
      const { key, value } = pairs[index] as (typeof pairs)[number];
      const body = pairs.slice(0, count).map((pair) => `"${pair.key}": "${pair.value}"`);
      return {
        id: place.id,
        text: `Find the value of a key in the JSON object below.\n\nJSON data:\n{${body.join(', ')}}\n`,
        questions: [
          {
            id: questionId(place),
            question: `Key: "${key}"\n`,
            // Ends inside the quote, so that the value itself is the next token.
            answerPrefix: 'Value: "',
            gold: value,
            references: [value],
            maxNewTokens: answerTokens + addedTokens,
            depth: index / count,
          },
        ],
      };
    },
  };
}

/** Once the value stands there as a whole word, nothing takes it back. */
export function isWordDone(prediction: string, [value = '']: readonly string[]): boolean {
  return new RegExp(`(?:^|${parting})${quotePattern(value)}${parting}`).test(prediction);
}

const parting = '[\\s:"\'.,?!{}]';
