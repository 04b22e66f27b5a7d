/** One line of noise: five short sentences that say nothing. */
export const noiseLine =
  'The lake is calm. The road is long. The moon is bright. Off we go. Now we return.';

/** So many lines of noise. */
export function noise(lines: number): string[] {
  return new Array<string>(lines).fill(noiseLine);
}

/** A text to hide, and how many units of hay stand before it. */
export interface Needle {
  readonly text: string;
  readonly before: number;
}

/**
 * Weaves needles into units of hay (lines, sentences); needles of one place keep their order.
 *
 * @returns hay and needles in their order, and for each needle the share of all of them that lie before it
 */
export function weave(
  hay: readonly string[],
  needles: readonly Needle[],
): { units: string[]; depths: number[] } {
  const order = [...needles.entries()].sort(([, a], [, b]) => a.before - b.before);
  const units: string[] = [];
  const rows = needles.map(() => 0);
  let next = 0;
  for (const [index, { text, before }] of order) {
    for (; next < before && next < hay.length; next++) units.push(hay[next] as string);
    rows[index] = units.length;
    units.push(text);
  }
  for (; next < hay.length; next++) units.push(hay[next] as string);
  return { units, depths: rows.map((row) => row / units.length) };
}

/**
 * Distinct places among `n` units for needles whose places are drawn in [0, 1): the later the draw, the later the place.
 *
 * @param n - at least as many as there are draws
 */
export function distinctPlaces(draws: readonly number[], n: number): number[] {
  const places = draws.map(() => 0);
  const order = [...draws.entries()].sort(([, a], [, b]) => a - b);
  for (const [rank, [index, draw]] of order.entries())
    places[index] = Math.floor(draw * (n - draws.length + 1)) + rank;
  return places;
}
