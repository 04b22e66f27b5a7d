/** A prompt in two: what is prefilled, and what is asked over it. Joined they are the whole prompt. */
export interface SplitPrompt {
  readonly context: string;
  readonly question: string;
}

/** Where a prompt is cut, the first that it has: before the last paragraph, line, sentence or word. */
const borders = [/\n[ \t]*\n/g, /\n/g, /[.!?]['")\]]?\s/g, /\s/g];

/**
 * Cuts a prompt that does not say where its context ends: the last paragraph is the question; of one paragraph the last
 * line, of one line the last sentence, of one sentence the last word. Blanks at the end are dropped.
 *
 * @returns undefined for a prompt of less than two words
 */
export function splitPrompt(prompt: string): SplitPrompt | undefined {
  const text = prompt.trimEnd();
  for (const border of borders) {
    const last = [...text.matchAll(border)].at(-1);
    if (last === undefined) continue;
    const end = last.index + last[0].length;
    if (text.slice(0, end).trim() === '') continue;
    return { context: text.slice(0, end), question: text.slice(end) };
  }
  return undefined;
}
