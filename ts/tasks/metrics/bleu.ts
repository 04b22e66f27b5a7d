/**
 * BLEU as NLTK's `sentence_bleu` computes it without smoothing, for one reference. Packages for Node smooth or count
 * otherwise, so it is written here.
 */
import { splitWords } from './python-text.js';
import { countCommon } from './token-f1.js';

/** NLTK takes this for a precision of zero, the smallest normal double. */
const zeroPrecision = 2 ** -1022;

/**
 * The precision of n-grams of one order alone, with the brevity penalty: `weights` all 0 but for order `n`.
 *
 * @param n - 1 to 4
 * @returns 0 where no word is common; about 2.2e-308 where words are common but no n-gram is
 */
export function bleu(n: number, prediction: string, reference: string): number {
  const [hypothesis, target] = [splitWords(prediction), splitWords(reference)];
  if (countCommon(hypothesis, target) === 0) return 0;
  const grams = ngrams(hypothesis, n);
  const precision = countCommon(grams, ngrams(target, n)) / Math.max(1, grams.length);
  return (
    brevityPenalty(hypothesis.length, target.length) *
    Math.exp(Math.log(precision === 0 ? zeroPrecision : precision))
  );
}

function brevityPenalty(nPrediction: number, nReference: number): number {
  return nPrediction > nReference ? 1 : Math.exp(1 - nReference / nPrediction);
}

function ngrams(words: readonly string[], n: number): string[] {
  const starts = Math.max(words.length - n + 1, 0);
  return Array.from({ length: starts }, (_, i) => words.slice(i, i + n).join(' '));
}
