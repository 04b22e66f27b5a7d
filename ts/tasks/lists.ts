/** `a`, `a and b`, `a, b, and c`: as a sentence lists things. */
export function sentenceList(items: readonly string[]): string {
  if (items.length < 3) return items.join(' and ');
  return `${items.slice(0, -1).join(', ')}, and ${items.at(-1)}`;
}

/** `1. a 2. b`. */
export function numberedList(items: readonly string[]): string {
  return items.map((item, index) => `${index + 1}. ${item}`).join(' ');
}
