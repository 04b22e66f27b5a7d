import type { AskedQuestion } from '../engine/question.js';
import type { RenderedSplit } from '../tune/prepare-split.js';

/** Questions over contexts whose keys and values are in memory together. */
export interface QuestionGroup {
  /** Of the group's questions in the whole split. */
  readonly indices: readonly number[];
  /** The split with these contexts and questions alone. */
  readonly rendered: RenderedSplit;
}

export interface GroupLimits {
  /** Keys and values of a token. */
  readonly bytesPerToken: number;
  /** Those of a group, unless one context has more. */
  readonly groupBytes: number;
}

/**
 * Cuts a split into groups of neighbouring contexts, always the same ones for a model and a split, so that a benchmark
 * of any number of contexts fits into memory. The questions keep their order.
 */
export function questionGroups(
  rendered: RenderedSplit,
  { bytesPerToken, groupBytes }: GroupLimits,
): readonly QuestionGroup[] {
  const groups: number[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const [i, { tokens }] of rendered.contexts.entries()) {
    const own = tokens.length * bytesPerToken;
    if (bytes + own > groupBytes) {
      groups.push([]);
      bytes = 0;
    }
    groups.at(-1)?.push(i);
    bytes += own;
  }
  return groups.map((contexts) => pick(rendered, contexts));
}

function pick(rendered: RenderedSplit, contexts: readonly number[]): QuestionGroup {
  const places = new Map(contexts.map((context, place) => [context, place]));
  const indices = rendered.questions.flatMap(({ context }, i) => (places.has(context) ? [i] : []));
  return {
    indices,
    rendered: {
      ...rendered,
      contexts: contexts.flatMap((i) => rendered.contexts[i] ?? []),
      questions: indices.map((i) => {
        const question = rendered.questions[i] as AskedQuestion;
        return { ...question, context: places.get(question.context) ?? 0 };
      }),
      asked: indices.flatMap((i) => rendered.asked[i] ?? []),
      grade: (index, answer) => rendered.grade(indices[index] ?? -1, answer),
    },
  };
}
