/**
 * `SequenceMatcher.ratio` of Python's difflib, on code points. The npm package difflib gives the same values, but rests
 * since 2012, without a licence text and with a dependency of any version; no port is kept up, so it is written here.
 */

/** From this length of the second text on, characters that fill more than 1 % of it start no match. */
const popularFrom = 200;

interface Range {
  readonly aBegin: number;
  readonly aEnd: number;
  readonly bBegin: number;
  readonly bEnd: number;
}

interface Block {
  readonly a: number;
  readonly b: number;
  readonly size: number;
}

/** Twice the matched characters over all characters, 0 to 1; 1 of two empty texts. Not symmetric, as difflib's is not. */
export function similarityRatio(first: string, second: string): number {
  const [a, b] = [[...first], [...second]];
  if (a.length + b.length === 0) return 1;
  return (2 * countMatched(a, b)) / (a.length + b.length);
}

/** Characters in the longest common block, and in those left and right of it, and so on. */
function countMatched(a: readonly string[], b: readonly string[]): number {
  const places = placesOf(b);
  const open: Range[] = [{ aBegin: 0, aEnd: a.length, bBegin: 0, bEnd: b.length }];
  let matched = 0;
  for (let range = open.pop(); range !== undefined; range = open.pop()) {
    const block = longestBlock(a, b, places, range);
    if (block.size === 0) continue;
    matched += block.size;
    open.push(
      { ...range, aEnd: block.a, bEnd: block.b },
      { ...range, aBegin: block.a + block.size, bBegin: block.b + block.size },
    );
  }
  return matched;
}

/** Where each character stands in `b`, ascending, without the popular ones. */
function placesOf(b: readonly string[]): Map<string, readonly number[]> {
  const places = new Map<string, number[]>();
  for (const [j, character] of b.entries()) {
    const list = places.get(character);
    if (list === undefined) places.set(character, [j]);
    else list.push(j);
  }
  if (b.length < popularFrom) return places;
  const limit = Math.floor(b.length / 100) + 1;
  return new Map([...places].filter(([, list]) => list.length <= limit));
}

/** The longest common block of a range, the first in `a`, then in `b`; grown over popular characters at both ends. */
function longestBlock(
  a: readonly string[],
  b: readonly string[],
  places: ReadonlyMap<string, readonly number[]>,
  range: Range,
): Block {
  const seed = longestSeed(a, places, range);
  let { a: aBegin, b: bBegin } = seed;
  let [aEnd, bEnd] = [aBegin + seed.size, bBegin + seed.size];
  while (aBegin > range.aBegin && bBegin > range.bBegin && a[aBegin - 1] === b[bBegin - 1]) {
    aBegin--;
    bBegin--;
  }
  while (aEnd < range.aEnd && bEnd < range.bEnd && a[aEnd] === b[bEnd]) {
    aEnd++;
    bEnd++;
  }
  return { a: aBegin, b: bBegin, size: aEnd - aBegin };
}

function longestSeed(
  a: readonly string[],
  places: ReadonlyMap<string, readonly number[]>,
  { aBegin, aEnd, bBegin, bEnd }: Range,
): Block {
  let best: Block = { a: aBegin, b: bBegin, size: 0 };
  /** Length of the common block that ends at a place of `b` and at the last character of `a` seen. */
  let lengths = new Map<number, number>();
  for (let i = aBegin; i < aEnd; i++) {
    const longer = new Map<number, number>();
    for (const j of places.get(a[i] ?? '') ?? []) {
      if (j < bBegin) continue;
      if (j >= bEnd) break;
      const size = (lengths.get(j - 1) ?? 0) + 1;
      longer.set(j, size);
      if (size > best.size) best = { a: i - size + 1, b: j - size + 1, size };
    }
    lengths = longer;
  }
  return best;
}
