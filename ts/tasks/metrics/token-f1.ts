/** F1 of words or characters, as LongBench and InfiniteBench score short answers (after SQuAD's evaluation script). */
import { splitWords, wordEnd, wordStart } from './python-text.js';

const punctuation = /[!-/:-@[-`{-~]/g;
const articles = new RegExp(`${wordStart}(?:a|an|the)${wordEnd}`, 'gu');
/** The marks that InfiniteBench removes from Chinese text, beside those of ASCII. */
const cjkPunctuation =
  /[\u2013\u2014\u2018\u2019\u201b-\u201f\u2026\u2027\u3001-\u3003\u300b-\u3011\u3014-\u301f\u3030\u303e\u303f\ufe4f\uff01-\uff0d\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff64]/g;

/** F1 of the multisets of words of the normalised texts; 0 where none is common. */
export function tokenF1(prediction: string, reference: string): number {
  return multisetF1(normalizedWords(prediction), normalizedWords(reference));
}

/** F1 of the multisets of characters, after lower case, without punctuation and blanks: for Chinese. */
export function characterF1(prediction: string, reference: string): number {
  return multisetF1(normalizedCharacters(prediction), normalizedCharacters(reference));
}

/** Lower case, no ASCII punctuation, no articles. */
function normalizedWords(text: string): string[] {
  return splitWords(text.toLowerCase().replace(punctuation, '').replace(articles, ' '));
}

function normalizedCharacters(text: string): string[] {
  const kept = text.toLowerCase().replace(punctuation, '').replace(cjkPunctuation, '');
  return [...splitWords(kept).join('')];
}

function multisetF1(prediction: readonly string[], reference: readonly string[]): number {
  const common = countCommon(prediction, reference);
  if (common === 0) return 0;
  const precision = common / prediction.length;
  const recall = common / reference.length;
  return (2 * precision * recall) / (precision + recall);
}

/** Elements that two lists share, each as often as the list that has it less often. */
export function countCommon(a: readonly string[], b: readonly string[]): number {
  const left = new Map<string, number>();
  for (const element of b) left.set(element, (left.get(element) ?? 0) + 1);
  let common = 0;
  for (const element of a) {
    const count = left.get(element) ?? 0;
    if (count === 0) continue;
    left.set(element, count - 1);
    common++;
  }
  return common;
}
