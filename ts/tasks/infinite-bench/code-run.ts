import type { GrowingContext } from '../fit-length.js';
import { type Draw, questionId } from '../generated-task.js';
import type { Rng } from '../rng.js';
import { addedTokens } from './added-tokens.js';

const answerTokens = 5;
/** Layers of calls: of short contexts fewer, so that each has functions to choose among. */
const depths = { long: [2, 4, 6, 8, 10], short: [2, 3, 4] } as const;
const longFrom = 4096;
/** Numbers of functions are drawn from 1 to this, or twice as many as there are functions. */
const highestId = 1100;

interface PythonFunction {
  readonly id: number;
  readonly body: string;
  readonly run: (x: number) => number;
}

/**
 * Python functions that call each other in layers, and the question what a call in the first layer returns; the numbers
 * of layers take turns over the contexts.
 */
export function drawCodeRun({ rng, place, stream }: Draw, length: number): GrowingContext {
  const choices = length < longFrom ? depths.short : depths.long;
  const depth = choices[place.index % choices.length] as number;
  const x = rng.integer(-10, 10);
  const chosen = rng.float();
  return {
    smallest: 2 * depth,
    at(count) {
      const layers = makeLayers(stream(`functions of ${count}`), { count, depth });
      const first = layers[0] ?? [];
      const asked = first[Math.floor(chosen * first.length)] as PythonFunction;
      const code = layers
        .flat()
        .sort((a, b) => a.id - b.id)
        .map(({ id, body }) => `def func_${id}(x):\n    return ${body}\n`);
      const call = `func_${asked.id}(${x})`;
      const value = String(asked.run(x));
      return {
        id: place.id,
        text: `Below are Python functions, and then a call of one of them.\n\n${code.join('\n')}\n`,
        questions: [
          {
            id: questionId(place),
            question: `What number does ${call} return? Answer with the number alone.`,
            answerPrefix: ` ${call} returns`,
            gold: ` ${value}`,
            references: [value],
            maxNewTokens: answerTokens + addedTokens,
          },
        ],
      };
    },
  };
}

/** Layers of equal size, give or take one; each function calls one of the next layer. */
function makeLayers(
  rng: Rng,
  { count, depth }: { count: number; depth: number },
): PythonFunction[][] {
  const ids = drawIds(rng, count);
  const layers: PythonFunction[][] = [];
  let called: readonly PythonFunction[] = [];
  for (let layer = depth - 1; layer >= 0; layer--) {
    const from = Math.ceil((layer * count) / depth);
    const next = Math.ceil(((layer + 1) * count) / depth);
    called = ids.slice(from, next).map((id) => makeFunction(rng, id, called));
    layers.unshift([...called]);
  }
  return layers;
}

function drawIds(rng: Rng, count: number): number[] {
  const highest = Math.max(highestId, 2 * count);
  const ids = new Set<number>();
  while (ids.size < count) ids.add(rng.integer(1, highest));
  return [...ids];
}

function makeFunction(rng: Rng, id: number, called: readonly PythonFunction[]): PythonFunction {
  const inner = called.length === 0 ? undefined : rng.pick(called);
  const c = rng.integer(-12, 17);
  const sum = c === 0 ? '' : c < 0 ? ` - ${-c}` : ` + ${c}`;
  return {
    id,
    body: `${inner === undefined ? 'x' : `func_${inner.id}(x)`}${sum}`,
    run: (x) => (inner === undefined ? x : inner.run(x)) + c,
  };
}
