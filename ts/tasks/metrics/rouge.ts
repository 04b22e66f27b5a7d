/**
 * ROUGE as the Python package `rouge` 1.0.1 computes it, which LooGLE and LongBench publish: over sets of n-grams, and
 * over the set of words of the union of longest common subsequences. No package for Node computes that (js-rouge counts
 * n-grams with their multiplicity and weighs F otherwise), so it is written here.
 */
import { splitWords } from './python-text.js';

export interface RougeScore {
  readonly precision: number;
  readonly recall: number;
  readonly f: number;
}

export const noRouge: RougeScore = { precision: 0, recall: 0, f: 0 };

/**
 * ROUGE-N of two texts, sentences being what stands between full stops.
 *
 * @returns zeros where either text has no sentence, which the package refuses
 */
export function rougeN(n: number, prediction: string, reference: string): RougeScore {
  const [hypothesis, target] = [splitSentences(prediction), splitSentences(reference)];
  if (hypothesis.length === 0 || target.length === 0) return noRouge;
  const grams = ngramSet(hypothesis.flat(), n);
  const targetGrams = ngramSet(target.flat(), n);
  const overlap = [...grams].filter((gram) => targetGrams.has(gram)).length;
  return toScore(overlap, grams.size, targetGrams.size);
}

/** Summary-level ROUGE-L of two texts; as `rougeN` where either has no sentence. */
export function rougeL(prediction: string, reference: string): RougeScore {
  const [hypothesis, target] = [splitSentences(prediction), splitSentences(reference)];
  if (hypothesis.length === 0 || target.length === 0) return noRouge;
  const union = new Set<string>();
  for (const sentence of target) {
    for (const other of hypothesis) {
      for (const word of commonSubsequence(sentence, other)) union.add(word);
    }
  }
  return toScore(union.size, new Set(hypothesis.flat()).size, new Set(target.flat()).size);
}

/** Words of each sentence; a sentence of blanks alone has one empty word. */
function splitSentences(text: string): string[][] {
  return text
    .split('.')
    .filter((sentence) => sentence !== '')
    .map((sentence) => splitWords(sentence).join(' ').split(' '));
}

function ngramSet(words: readonly string[], n: number): Set<string> {
  // Words hold no blank, so joining keeps n-grams apart.
  const starts = Math.max(words.length - n + 1, 0);
  return new Set(Array.from({ length: starts }, (_, i) => words.slice(i, i + n).join(' ')));
}

function toScore(overlap: number, nPrediction: number, nReference: number): RougeScore {
  const precision = nPrediction === 0 ? 0 : overlap / nPrediction;
  const recall = nReference === 0 ? 0 : overlap / nReference;
  return { precision, recall, f: 2 * ((precision * recall) / (precision + recall + 1e-8)) };
}

/** One longest common subsequence of two lists, last word first; of equals the one that skips words of `b` first. */
function commonSubsequence(a: readonly string[], b: readonly string[]): string[] {
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (const [i, word] of a.entries()) {
    for (const [j, other] of b.entries()) {
      lengths[(i + 1) * width + j + 1] =
        word === other ? at(i, j) + 1 : Math.max(at(i, j + 1), at(i + 1, j));
    }
  }
  const common: string[] = [];
  let [i, j] = [a.length, b.length];
  while (i > 0 && j > 0) {
    const word = a[i - 1] ?? '';
    if (word === b[j - 1]) {
      common.push(word);
      i--;
      j--;
    } else if (at(i - 1, j) > at(i, j - 1)) i--;
    else j--;
  }
  return common;
}
