/** How many of the most likely tokens a dense reference keeps at each position: 64 would lose over 1 % of a small KL. */
export const keptTokens = 512;

const smallest = 1e-12;

/**
 * KL(P || Q) at one position, from the log-probabilities of a few tokens under both and the mass of all others as
 * one more outcome. It never exceeds the KL over the whole vocabulary, and falls short of it only by what P and Q
 * differ inside the rest.
 *
 * @param p - log-probabilities under P of its most likely tokens
 * @param q - log-probabilities under Q of the same tokens
 */
export function truncatedKl(p: Float32Array, q: Float32Array): number {
  let kl = 0;
  let pKept = 0;
  let qKept = 0;
  for (let i = 0; i < p.length; i++) {
    const [pi = -Infinity, qi = -Infinity] = [p[i], q[i]];
    const probability = Math.exp(pi);
    kl += probability * (pi - qi);
    pKept += probability;
    qKept += Math.exp(qi);
  }
  const pRest = 1 - pKept;
  if (pRest <= smallest) return Math.max(0, kl);
  return Math.max(0, kl + pRest * Math.log(pRest / Math.max(1 - qKept, smallest)));
}

/** KL(P || Q) over the whole vocabulary, from logits. */
export function fullKl(p: Float32Array, q: Float32Array): number {
  const pSum = logSumExp(p);
  const qSum = logSumExp(q);
  let kl = 0;
  for (let i = 0; i < p.length; i++) {
    const logP = (p[i] as number) - pSum;
    kl += Math.exp(logP) * (logP - ((q[i] as number) - qSum));
  }
  return Math.max(0, kl);
}

function logSumExp(logits: Float32Array): number {
  let maximum = -Infinity;
  for (const logit of logits) maximum = Math.max(maximum, logit);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - maximum);
  return maximum + Math.log(sum);
}

/** Arithmetic mean; NaN of nothing. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The middle value, or the mean of the two in the middle; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return mean(sorted.slice(Math.ceil(half) - 1, Math.floor(half) + 1));
}
