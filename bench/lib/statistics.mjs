import { Rng } from '../../build/ts/ts/search/rng.js';

export function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return mean(sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1));
}

/** 95 % interval of the mean: percentile bootstrap with 10,000 draws, always the same. */
export function meanInterval(values) {
  const rng = Rng.at(0, values.length);
  const draw = () => mean(values.map(() => values[rng.integer(values.length)]));
  const means = Array.from({ length: 10_000 }, draw).sort((a, b) => a - b);
  return [means[250], means[9749]];
}

/** Ranks from 1 by an order; equal ones share their mean rank. */
export function ranks(entries, compare) {
  return entries.map((entry) => {
    const below = entries.filter((other) => compare(other, entry) < 0).length;
    const equal = entries.filter((other) => compare(other, entry) === 0).length;
    return below + (equal + 1) / 2;
  });
}

/** Pearson's correlation; of ranks it is Spearman's. NaN where one of them does not vary. */
export function correlation(a, b) {
  const [meanA, meanB] = [mean(a), mean(b)];
  const covariance = mean(a.map((value, i) => (value - meanA) * (b[i] - meanB)));
  const deviation = (values, centre) =>
    Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
  return covariance / (deviation(a, meanA) * deviation(b, meanB));
}

/**
 * The expected lowest of `n` of these values, drawn without replacement; draws that hold no finite value do not count.
 */
export function expectedLowest(values, n) {
  const finite = values.filter(Number.isFinite).sort((a, b) => a - b);
  let expected = 0;
  let noneLower = 1; // probability that all values so far were left out
  for (const [i, value] of finite.entries()) {
    const share = Math.min(1, n / (values.length - i));
    expected += noneLower * share * value;
    noneLower *= 1 - share;
  }
  return expected / (1 - noneLower);
}
