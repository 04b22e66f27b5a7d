import type { GrowingContext } from '../fit-length.js';
import { type Draw, questionId } from '../generated-task.js';
import { noise, weave } from '../haystack.js';
import type { Rng } from '../rng.js';
import { addedTokens } from './added-tokens.js';

/** Digits hidden in filler, and what they are called. */
interface HiddenDigits {
  readonly name: string;
  /** Tokens that InfiniteBench gives the answer. */
  readonly answerTokens: number;
  readonly draw: (rng: Rng) => string;
}

export const passkey: HiddenDigits = {
  name: 'pass key',
  answerTokens: 6,
  draw: (rng) => drawDigits(rng, 5).join(''),
};

export const numberString: HiddenDigits = {
  name: 'digit sequence',
  answerTokens: 12,
  draw: (rng) => withRepeats(rng, drawDigits(rng, 5), 5).join(''),
};

/** A line that states digits twice among lines of filler; the contexts of a split have it at depths evenly spread. */
export function drawHiddenDigits(
  { name, answerTokens, draw }: HiddenDigits,
  { rng, place, spread }: Draw,
): GrowingContext {
  const digits = draw(rng);
  const depth = spread('depth');
  const line = `The ${name} is ${digits}. Keep it in mind: ${digits} is the ${name}.`;
  return {
    smallest: 1,
    at(lines) {
      const before = Math.floor(depth * (lines + 1));
      const { units, depths } = weave(noise(lines), [{ text: line, before }]);
      return {
        id: place.id,
        text: `One line below holds a ${name}, the rest is filler. Remember the ${name}.\n\n${units.join('\n')}\n`,
        questions: [
          {
            id: questionId(place),
            question: `What is the ${name}?`,
            answerPrefix: ` The ${name} is`,
            gold: ` ${digits}`,
            references: [digits],
            maxNewTokens: answerTokens + addedTokens,
            depth: depths[0] as number,
          },
        ],
      };
    },
  };
}

/** The first may be 0. */
function drawDigits(rng: Rng, count: number): number[] {
  return Array.from({ length: count }, () => rng.integer(0, 9));
}

/** Doubles the digit at a random place, so often. */
function withRepeats(rng: Rng, digits: readonly number[], times: number): number[] {
  const result = [...digits];
  for (let i = 0; i < times; i++) {
    const place = rng.integer(0, result.length - 1);
    result.splice(place, 0, result[place] as number);
  }
  return result;
}

/** What comes first stays first: no longer answer changes it. */
export function isFirstNumberDone(prediction: string): boolean {
  return /[0-9][^0-9]/.test(prediction);
}
