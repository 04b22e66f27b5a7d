import { setImmediate as nextTurn } from 'node:timers/promises';
import { longestRun, renderContext } from './prompt.js';
import type { PromptStyle, TaskContext, TaskTools } from './task.js';

/** A context whose draw is fixed and whose size is not: more units of filler, more tokens. */
export interface GrowingContext {
  /** Least number of units with which the question makes sense. */
  readonly smallest: number;
  /** Number of units there are. Default: no end. */
  readonly largest?: number;
  /** The context with so many units. */
  at(units: number): TaskContext;
}

/** What a context must fit into. */
export interface Fit {
  /** Tokens of context, longest question, answer prefix and answer together. */
  readonly length: number;
  readonly promptStyle: PromptStyle;
  readonly tools: TaskTools;
}

/** Tokens of the context at its smallest. */
export function smallestTokens(growing: GrowingContext, fit: Fit): Promise<number> {
  return tokensAt(growing, growing.smallest, fit);
}

/**
 * The context with the most units that fits, or undefined where not even the smallest does. Units of one context cost
 * about the same, so the search jumps to where the length says, and halves where that does not close in; each look is
 * one turn of the event loop.
 */
export async function longestContext(
  growing: GrowingContext,
  fit: Fit,
): Promise<TaskContext | undefined> {
  let low = growing.smallest;
  let lowTokens = await tokensAt(growing, low, fit);
  if (lowTokens > fit.length) return undefined;
  let perUnit = lowTokens / Math.max(1, low);
  let high = (growing.largest ?? Number.POSITIVE_INFINITY) + 1;
  for (let looks = 1; high - low > 1; looks++) {
    const jump = low + Math.max(1, Math.floor((fit.length - lowTokens) / perUnit));
    const isHalving = jump >= high || (looks % 3 === 0 && Number.isFinite(high));
    const next = isHalving ? Math.floor((low + high) / 2) : jump;
    const tokens = await tokensAt(growing, next, fit);
    perUnit = Math.max(minTokensPerUnit, (tokens - lowTokens) / (next - low));
    if (tokens <= fit.length) [low, lowTokens] = [next, tokens];
    else high = next;
  }
  return growing.at(low);
}

/** So that a jump ends somewhere although the first units added nothing. */
const minTokensPerUnit = 0.25;

/** Room for a begin-of-text token, whether or not the model has one. */
const bosTokens = 1;

async function tokensAt(
  growing: GrowingContext,
  units: number,
  { promptStyle, tools }: Fit,
): Promise<number> {
  await nextTurn();
  return longestRun(renderContext(growing.at(units), promptStyle, tools)) + bosTokens;
}
