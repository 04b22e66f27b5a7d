/** One line of noise: five short sentences that say nothing. */
export const noiseLine =
  'The lake is calm. The road is long. The moon is bright. Off we go. Now we return.';

/** A sentence to hide, and how many lines of noise stand before it. */
export interface Needle {
  readonly sentence: string;
  readonly noiseBefore: number;
}

/**
 * Weaves needles into `lines` lines of noise; each stands on a line of its own.
 *
 * @returns the text, and for each needle the share of all lines that lie before it
 */
export function weaveNoise(
  lines: number,
  needles: readonly Needle[],
): { text: string; depths: number[] } {
  const order = [...needles.entries()].sort(([, a], [, b]) => a.noiseBefore - b.noiseBefore);
  const woven: string[] = [];
  const rows = needles.map(() => 0);
  let noise = 0;
  for (const [index, { sentence, noiseBefore }] of order) {
    for (; noise < noiseBefore; noise++) woven.push(noiseLine);
    rows[index] = woven.length;
    woven.push(sentence);
  }
  for (; noise < lines; noise++) woven.push(noiseLine);
  return { text: woven.join('\n'), depths: rows.map((row) => row / woven.length) };
}
