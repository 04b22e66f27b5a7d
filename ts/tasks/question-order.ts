import { Rng } from './rng.js';
import type { TaskContext } from './task.js';

/** A question by its place: `contexts[context].questions[question]`. */
export interface QuestionPlace {
  readonly context: number;
  readonly question: number;
}

/**
 * The one order in which a study uses its questions: the first r of it are balanced over contexts and depths for
 * every r, so each rung is a fair sample and holds the rung below it. Same seed, same order.
 */
export function questionOrder(contexts: readonly TaskContext[], seed: number): QuestionPlace[] {
  const rng = new Rng('question order', seed);
  const left = rng.shuffle(contexts.flatMap(placesOf));
  const used = new Map<string, number>();
  const order: QuestionPlace[] = [];
  while (left.length > 0) {
    const [next] = left.splice(leastUsed(left, used), 1) as [Candidate];
    for (const bin of next.bins) used.set(bin, (used.get(bin) ?? 0) + 1);
    order.push({ context: next.context, question: next.question });
  }
  return order;
}

interface Candidate extends QuestionPlace {
  /** What the order balances, most important first. */
  readonly bins: readonly string[];
}

function placesOf(context: TaskContext, index: number): Candidate[] {
  const count = context.questions.length;
  return context.questions.map((question, place) => {
    const depth = Math.min(question.depth ?? place / count, 1 - 1e-9);
    const bin = (parts: number) => `${parts}:${Math.floor(depth * parts)}`;
    return { context: index, question: place, bins: [`context ${index}`, bin(2), bin(4), bin(8)] };
  });
}

/** Index of the first candidate whose bins were used least, compared bin by bin. */
function leastUsed(candidates: readonly Candidate[], used: ReadonlyMap<string, number>): number {
  const counts = candidates.map(({ bins }) => bins.map((bin) => used.get(bin) ?? 0));
  let best = 0;
  for (let i = 1; i < counts.length; i++) {
    if (isLess(counts[i] as number[], counts[best] as number[])) best = i;
  }
  return best;
}

function isLess(a: readonly number[], b: readonly number[]): boolean {
  const index = a.findIndex((value, i) => value !== b[i]);
  return index >= 0 && (a[index] as number) < (b[index] as number);
}
