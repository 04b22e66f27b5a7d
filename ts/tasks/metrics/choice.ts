/** Metrics of answers that choose a lettered option or a name: InfiniteBench's and LongBench-v2's. */
import { blankOut, dropFirst, splitWords, strip, wordEnd, wordStart } from './python-text.js';

/** A letter that stands alone, none such behind it on its line. */
const lastLetter = (range: string) => {
  const letter = `${wordStart}[${range}]${wordEnd}`;
  return new RegExp(`${letter}(?![^\\n]*${letter})`, 'u');
};
const lastAToD = lastLetter('A-D');
const lastAToJ = lastLetter('A-J');

/**
 * `longbook_choice_eng`: the first of these that applies. A letter A to D that stands alone, none behind it on its line,
 * and is a reference: 1. The first character is A to D: whether it is a reference. The whole is a reference: 1. Behind
 * `answer is:`, `answer:`, `answer is` or `option is`: whether a reference follows. The first word of A to D.
 */
export function choiceAToD(prediction: string, references: readonly string[]): number {
  const text = strip(prediction);
  const letter = lastAToD.exec(text)?.[0];
  if (letter !== undefined && references.includes(letter)) return 1;
  if (text === '') return 0;
  if (/^[A-D]/.test(text)) return references.includes(text.charAt(0)) ? 1 : 0;
  if (references.includes(text)) return 1;
  const plain = squeeze(blankOut(text, [...'\n"\'.,?!{}']));
  const prefixes = ['answer is:', 'answer:', 'answer is', 'option is'];
  const verdict = verdictBehind(plain, prefixes, references);
  if (verdict !== undefined) return verdict;
  const word = splitWords(plain).find((candidate) => 'ABCD'.includes(candidate));
  return word !== undefined && references.includes(word) ? 1 : 0;
}

/**
 * `code_debug`: 1 where the letter A to J that stands alone, none behind it on its line, is the right one; else whether
 * the prediction, or what is behind `answer is:`, `is:`, `answer:` or `correct option is:`, starts with letter or name.
 *
 * @param references - the function's name, then its letter; 0 where the letter is missing
 */
export function codeDebug(prediction: string, references: readonly string[]): number {
  const [name, letter] = references;
  if (name === undefined || letter === undefined) return 0;
  const text = strip(prediction);
  if (lastAToJ.exec(text)?.[0] === letter) return 1;
  const plain = squeeze(blankOut(text, [...'\n`\'"-*', 'Option', 'option']));
  const starts = [letter, name];
  if (startsWithAny(plain, starts) === 1) return 1;
  return verdictBehind(plain, ['answer is:', 'is:', 'answer:', 'correct option is:'], starts) ?? 0;
}

/** `longdialogue_qa_eng`: 1 where a reference occurs in the prediction, case ignored. */
export function nameMatch(prediction: string, references: readonly string[]): number {
  const text = strip(prediction).toUpperCase();
  return references.some((reference) => text.includes(reference.toUpperCase())) ? 1 : 0;
}

/** The option a LongBench-v2 answer names: `The correct answer is (X)`, else without brackets; null where none. */
export function extractCorrectAnswer(prediction: string): string | null {
  const text = prediction.replaceAll('*', '');
  const match =
    /The correct answer is \(([A-D])\)/.exec(text) ?? /The correct answer is ([A-D])/.exec(text);
  return match?.[1] ?? null;
}

/** LongBench-v2: 1 where the option that the answer names is the reference. */
export function correctAnswerLetter(prediction: string, [letter]: readonly string[]): number {
  return letter !== undefined && extractCorrectAnswer(prediction) === letter ? 1 : 0;
}

function squeeze(text: string): string {
  return text.replace(/ {2,}/g, ' ');
}

/**
 * Whether one of `starts` follows the first of `prefixes` that occurs, one character between them; undefined where none
 * occurs, 0 where it ends the text.
 */
function verdictBehind(
  text: string,
  prefixes: readonly string[],
  starts: readonly string[],
): number | undefined {
  const prefix = prefixes.find((candidate) => text.includes(candidate));
  if (prefix === undefined) return undefined;
  const behind = text.slice(text.indexOf(prefix) + prefix.length);
  return behind === '' ? 0 : startsWithAny(dropFirst(behind), starts);
}

function startsWithAny(text: string, starts: readonly string[]): number {
  return starts.some((start) => text.startsWith(start)) ? 1 : 0;
}
