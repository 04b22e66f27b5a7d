/** Tokens that the benchmark gives an answer beyond its own length. */
export const addedTokens = 20;
