import type { GrowingContext } from '../fit-length.js';
import { type Draw, questionId } from '../generated-task.js';
import { distinctPlaces, noise, weave } from '../haystack.js';
import type { Rng } from '../rng.js';
import { drawDistinct } from '../words.js';

const hops = 4;
const exampleLines = 5;
const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];

/** A chain of assignments: the first name gets the value, every other the name before it. */
interface Chain {
  readonly names: readonly string[];
  readonly value: string;
  /** Where its statements stand in the noise, in [0, 1), ascending. */
  readonly places: readonly number[];
}

/**
 * Variable tracking: one chain of five variables in noise, after a worked example with a chain of its own, and the
 * question which variables hold the value.
 */
export function drawVt({ rng, place, stream }: Draw): GrowingContext {
  const example = drawChain(stream('example'), 3);
  let chain = drawChain(rng, 5);
  while (chain.value === example.value) chain = drawChain(rng, 5);
  const shown = makeItem(example, exampleLines);
  return {
    smallest: chain.names.length,
    at(lines) {
      const { text, question, answerPrefix, gold } = makeItem(chain, lines);
      return {
        id: place.id,
        text: `${shown.text}${shown.question}${shown.answerPrefix}${shown.gold}\n\n${text}`,
        questions: [
          {
            id: questionId(place),
            question,
            answerPrefix,
            gold,
            references: chain.names,
            maxNewTokens: 30,
          },
        ],
      };
    },
  };
}

function drawChain(rng: Rng, nameLength: number): Chain {
  const drawName = () => Array.from({ length: nameLength }, () => rng.pick(letters)).join('');
  return {
    names: drawDistinct(hops + 1, drawName),
    value: String(rng.integer(10_000, 99_998)),
    places: Array.from({ length: hops + 1 }, () => rng.float()).sort((a, b) => a - b),
  };
}

function makeItem({ names, value, places }: Chain, lines: number) {
  const at = distinctPlaces(places, lines);
  const statements = names.map((name, i) => ({
    text: `VAR ${name} = ${i === 0 ? value : `VAR ${names[i - 1]}`}`,
    before: at[i] as number,
  }));
  const { units } = weave(noise(lines), statements);
  return {
    text: `Follow the assignments hidden in this text.\n\n${units.join('\n')}\n`,
    question: `List every variable whose value is ${value}.`,
    answerPrefix: ` Answer: the ${names.length} variables with value ${value} are:`,
    gold: ` ${names.join(' ')}`,
  };
}
