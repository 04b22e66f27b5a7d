/** The Matern-5/2 correlation at a squared distance in length-scales. */
export function matern52(squared: number): number {
  const t = Math.sqrt(5 * squared);
  return (1 + t + (t * t) / 3) * Math.exp(-t);
}

/** Its derivative by the logarithm of a length-scale, divided by that length-scale's part of the squared distance. */
export function maternSlope(squared: number): number {
  const t = Math.sqrt(5 * squared);
  return (5 / 3) * (1 + t) * Math.exp(-t);
}
