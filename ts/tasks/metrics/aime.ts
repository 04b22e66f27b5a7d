/** How an AIME answer, an integer of 0 to 999, is found in a text and compared: the hub's rules for 2024 and for 2025. */
import { blankSource, digitRuns, parseInteger, strip, wordEnd, wordStart } from './python-text.js';

const boxed = /\\boxed\{([^}]*)\}/g;
const boxedWithoutBackslash = /boxed\{([^}]*)\}/g;
const upToThreeDigits = new RegExp(`${wordStart}\\p{Nd}{1,3}${wordEnd}`, 'u');
const wholeNumbers = new RegExp(`${wordStart}\\p{Nd}+${wordEnd}`, 'gu');
/** Digits that `str.isdigit` takes for such and `int` does not, e.g. superscripts. */
const otherDigit =
  /[\u00b2\u00b3\u00b9\u1369-\u1371\u19da\u2070\u2074-\u2079\u2080-\u2089\u2460-\u2468\u2474-\u247c\u2488-\u2490\u24ea\u24f5-\u24fd\u24ff\u2776-\u277e\u2780-\u2788\u278a-\u2792\u{10a40}-\u{10a43}\u{10e60}-\u{10e68}\u{11052}-\u{1105a}\u{1f100}-\u{1f10a}]/u;
/** `answer is N`, `solution: N`: three wordings, tried in this order. */
const statedAnswers = statedPatterns();

/**
 * The answer in a text by the rules of 2024: the first number in the last `\boxed{...}`, or its whole content; else the
 * first number of up to three digits in the last line that has one; else empty.
 */
export function extractAime2024(text: string): string {
  const answer = [...text.matchAll(boxed)].at(-1)?.[1];
  if (answer !== undefined) return digitRuns(answer)[0] ?? strip(answer);
  for (const line of strip(text).split('\n').reverse()) {
    const number = upToThreeDigits.exec(line)?.[0];
    if (number !== undefined) return number;
  }
  return '';
}

/** AIME 2024: 1 where the extracted answer is the reference, leading zeros ignored. */
export function aime2024(prediction: string, [reference]: readonly string[]): number {
  const answer = extractAime2024(prediction);
  if (answer === '' || reference === undefined) return 0;
  const [found, expected] = [withoutLeadingZeros(answer), withoutLeadingZeros(reference)];
  return found !== undefined && found === expected ? 1 : 0;
}

/** True where the text has a boxed answer, with or without the backslash, that is not empty. */
export function hasBoxedAnswer(text: string): boolean {
  return boxedContent(text) !== '';
}

/**
 * The answer in a text by the rules of 2025, the first that applies: the last number in the last `boxed{...}`; the last
 * `answer is N` or `solution: N`; the last number of the last line that ends on one; the last number at all; the last
 * three only up to 999. Else empty. What was boxed or stated keeps its leading zeros.
 */
export function extractAime2025(text: string): string {
  const number = digitRuns(boxedContent(text)).at(-1);
  if (number !== undefined) return number;
  return statedAnswer(text) ?? lastNumber(text);
}

/** AIME 2025: 1 where the extracted answer is one of the references, compared as text. */
export function aime2025(prediction: string, references: readonly string[]): number {
  return references.includes(extractAime2025(prediction)) ? 1 : 0;
}

function boxedContent(text: string): string {
  const answer =
    [...text.matchAll(boxed)].at(-1) ?? [...text.matchAll(boxedWithoutBackslash)].at(-1);
  return strip(answer?.[1] ?? '');
}

function statedPatterns(): RegExp[] {
  // Python's case-insensitive `i` also matches the Turkish dotted capital and dotless small one.
  const i = '[i\u0130\u0131]';
  const blanks = `${blankSource}*`;
  const either = `(?:answer|solut${i}on)`;
  const number = `${blanks}(?:${i}s|:)${blanks}(\\p{Nd}+)`;
  const the = `(?:the${blankSource}+)?`;
  return [
    `${either}${number}`,
    `${the}answer${number}`,
    `(?:therefore|thus|so)${blanks}${the}${either}${number}`,
  ].map((source) => new RegExp(source, 'giu'));
}

function statedAnswer(text: string): string | undefined {
  return statedAnswers
    .map((pattern) => [...text.matchAll(pattern)].at(-1)?.[1])
    .find((number) => number !== undefined && isInRange(number));
}

function lastNumber(text: string): string {
  const lines = text.split('\n').reverse();
  const ends = lines.map((line) => line.match(wholeNumbers)?.at(-1) ?? '');
  const all = (text.match(wholeNumbers) ?? []).reverse();
  const number = [...ends, ...all].find(isInRange);
  return number === undefined ? '' : String(parseInteger(number));
}

function isInRange(number: string): boolean {
  const value = parseInteger(number);
  return value !== undefined && value <= 999n;
}

/** Undefined where Python's `int` refuses what `isdigit` lets through. */
function withoutLeadingZeros(answer: string): string | undefined {
  const text = strip(answer);
  if (/^\p{Nd}+$/u.test(text)) return parseInteger(text)?.toString();
  const isAllDigits = [...text].every((digit) => /\p{Nd}/u.test(digit) || otherDigit.test(digit));
  return isAllDigits ? undefined : text;
}
