import type { GrowingContext } from '../fit-length.js';
import { type Draw, questionId } from '../generated-task.js';
import type { Rng } from '../rng.js';
import { addedTokens } from './added-tokens.js';

const highest = 99;
/** Values of gold at most: more than teacher forcing runs over, where the whole answer is as long as the context. */
const goldValues = 64;
const exampleOperations = 4;

/** An expression of additions and subtractions whose running value stays in 0..99. */
interface Expression {
  readonly rng: Rng;
  readonly terms: string[];
  readonly values: number[];
  value: number;
}

/** A sum of many terms, after a worked example, and the question for its value after each operation. */
export function drawMathCalc({ rng, place, stream, tools }: Draw): GrowingContext {
  const example = startExpression(stream('example'));
  extend(example, exampleOperations);
  const shown = `${text(example, exampleOperations)}\nValues: [${example.values.join(', ')}]`;
  const expression = startExpression(rng);
  return {
    smallest: 2,
    at(operations) {
      extend(expression, operations);
      const values = expression.values.slice(0, operations).map(String);
      const answer = values.join(', ');
      return {
        id: place.id,
        text: `Give the value of an expression after each of its operations, as in this example.\n\n${shown}\n\n${text(expression, operations)}\n`,
        questions: [
          {
            id: questionId(place),
            question: 'What are the values after each operation?',
            answerPrefix: ' Values: [',
            gold: values.slice(0, goldValues).join(', '),
            references: values,
            maxNewTokens: tools.tokenize(answer).length + addedTokens,
          },
        ],
      };
    },
  };
}

function startExpression(rng: Rng): Expression {
  const value = rng.integer(0, highest);
  return { rng, terms: [String(value)], values: [], value };
}

/** Until it has so many operations; a term that would leave the range is drawn anew inside it. */
function extend(expression: Expression, operations: number): void {
  const { rng, terms, values } = expression;
  while (values.length < operations) {
    const isSum = rng.integer(0, 1) === 1;
    const room = isSum ? highest - expression.value : expression.value;
    const first = rng.integer(0, highest);
    const term = first > room ? rng.integer(0, room) : first;
    expression.value += isSum ? term : -term;
    terms.push(`${isSum ? '+' : '-'} ${term}`);
    values.push(expression.value);
  }
}

function text({ terms }: Expression, operations: number): string {
  return `Expression: ${terms.slice(0, operations + 1).join(' ')}`;
}

/** After a wrong value that something follows, or after the last right one, nothing counts any more. */
export function isSequenceDone(prediction: string, references: readonly string[]): boolean {
  const whole = prediction.match(/[0-9]+(?=[^0-9])/g) ?? [];
  if (whole.length >= references.length) return true;
  return whole.some((value, i) => Number(value) !== Number(references[i]));
}
