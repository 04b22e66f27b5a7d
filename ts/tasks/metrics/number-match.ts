/** InfiniteBench's metrics of answers that are numbers or keys. */
import {
  asciiDigits,
  blankOut,
  digitRuns,
  parseInteger,
  splitWords,
  strip,
} from './python-text.js';

/** `passkey`, `number_string`: 1 where the first run of ASCII digits is the reference, compared as text. */
export function firstInteger(prediction: string, [label]: readonly string[]): number {
  return (/[0-9]+/.exec(prediction)?.[0] ?? '') === label ? 1 : 0;
}

/** `kv_retrieval`: 1 where the reference is one of the words, which blanks and `:"'.,?!{}` part. */
export function wordMatch(prediction: string, [label]: readonly string[]): number {
  const words = splitWords(blankOut(prediction, [...'\n:"\'.,?!{}']));
  return label !== undefined && words.includes(label) ? 1 : 0;
}

/** `code_run`: 1 where the last word, by blanks and ``.`'":``, is an integer equal to the reference, a number as text. */
export function codeRun(prediction: string, [label = '']: readonly string[]): number {
  const last = splitWords(blankOut(prediction, [...'\n.`\'":'])).at(-1);
  const value = last === undefined ? undefined : parseInteger(last);
  return value !== undefined && equalsNumber(value, label) ? 1 : 0;
}

/**
 * `math_find`: 1 where the first number (no sign) equals the reference, a number as text. Where the reference is an
 * integer, a decimal fraction is wrong whatever its value (`14.0` for `14`); for `14.0` both `14` and `14.0` are right.
 */
export function mathFind(prediction: string, [label = '']: readonly string[]): number {
  const number = /\p{Nd}+\.\p{Nd}+|\p{Nd}+/u.exec(prediction)?.[0];
  if (number === undefined) return 0;
  const expected = parseInteger(label);
  if (expected !== undefined) return parseInteger(number) === expected ? 1 : 0;
  return Number(asciiDigits(number)) === parseFloatLabel(label) ? 1 : 0;
}

/** `math_calc`: how many leading values of the references the integers of the prediction (no signs) begin with, as a share. */
export function mathCalc(prediction: string, references: readonly string[]): number {
  const values = (prediction.match(/[0-9]+/g) ?? []).map(parseInteger);
  if (references.length === 0 || values.includes(undefined)) return 0;
  const wrong = references.findIndex((reference, i) => {
    const value = values[i];
    return value === undefined || !equalsNumber(value, reference);
  });
  return wrong === -1 ? 1 : wrong / references.length;
}

/** LongBench's `passage_count`: the share of the prediction's numbers that are the reference, as text; 0 of none. */
export function numberShare(prediction: string, [reference]: readonly string[]): number {
  const numbers = digitRuns(prediction);
  if (numbers.length === 0) return 0;
  return numbers.filter((number) => number === reference).length / numbers.length;
}

function equalsNumber(value: bigint, label: string): boolean {
  const integer = parseInteger(label);
  if (integer !== undefined) return value === integer;
  const float = parseFloatLabel(label);
  return Number.isInteger(float) && value === BigInt(float);
}

/** A decimal fraction as JSON or Python prints it; NaN of anything else. */
function parseFloatLabel(label: string): number {
  return /^[+-]?[0-9.]+(?:e[+-]?[0-9]+)?$/i.test(strip(label)) ? Number(strip(label)) : Number.NaN;
}
