/** Which tokens of a context that is too long are kept: the first ones, or the first and the last in equal parts. */
export type Truncate = 'head' | 'middle';

/** At most `limit` of the tokens; all of them, and the same array, where they are no more. */
export function truncateTokens(tokens: Int32Array, limit: number, how: Truncate): Int32Array {
  if (tokens.length <= limit) return tokens;
  const first = how === 'head' ? limit : Math.ceil(limit / 2);
  const kept = new Int32Array(limit);
  kept.set(tokens.subarray(0, first));
  kept.set(tokens.subarray(tokens.length - (limit - first)), first);
  return kept;
}
