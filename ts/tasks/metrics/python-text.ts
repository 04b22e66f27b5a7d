/**
 * Text operations as Python's `str` and `re` define them, where JavaScript's own differ: `\s` and `trim` there lack
 * U+001C to U+001F and U+0085 and have U+FEFF; `\d`, `\w` and `\b` know ASCII only; lengths count UTF-16 units.
 */
const blank =
  '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';

/** Python's `\s`, as the source of a regular expression. */
export const blankSource = `[${blank}]`;
/** Python's `\b` before a word character, and after one: sources that need the flag `u`. */
export const wordStart = '(?<![\\p{L}\\p{N}_])';
export const wordEnd = '(?![\\p{L}\\p{N}_])';

const blanks = new RegExp(`[${blank}]+`);
const blankCharacter = new RegExp(`[${blank}]`);

/** `str.strip()`. */
export function strip(text: string): string {
  // A loop, for a pattern that ends in `+$` takes time quadratic in a run of inner blanks.
  let begin = 0;
  let end = text.length;
  while (begin < end && blankCharacter.test(text.charAt(begin))) begin++;
  while (end > begin && blankCharacter.test(text.charAt(end - 1))) end--;
  return text.slice(begin, end);
}

/** `str.split()`: the words between blanks; none of an empty text. */
export function splitWords(text: string): string[] {
  return text.split(blanks).filter((word) => word !== '');
}

/** `re.findall(r'\d+', text)`: runs of decimal digits of any script. */
export function digitRuns(text: string): string[] {
  return text.match(/\p{Nd}+/gu) ?? [];
}

/** Replaces each of `parts`, one after the other, by a blank. */
export function blankOut(text: string, parts: readonly string[]): string {
  return parts.reduce((rest, part) => rest.replaceAll(part, ' '), text);
}

/** Text after the first character (code point). */
export function dropFirst(text: string): string {
  const first = text.codePointAt(0);
  return first === undefined ? '' : text.slice(first > 0xffff ? 2 : 1);
}

/** Digits that Python turns into a number before it gives up. */
const maxDigits = 4300;

/** `int(text)`, or undefined where Python raises. Takes blanks, a sign, single underscores and digits of any script. */
export function parseInteger(text: string): bigint | undefined {
  const match = /^([+-]?)(\p{Nd}+(?:_\p{Nd}+)*)$/u.exec(strip(text));
  const digits = match?.[2]?.replaceAll('_', '');
  if (digits === undefined || [...digits].length > maxDigits) return undefined;
  const value = BigInt(asciiDigits(digits));
  return match?.[1] === '-' ? -value : value;
}

/** Decimal digits of any script as those of ASCII; everything else stays. */
export function asciiDigits(text: string): string {
  return text.replace(/[^\P{Nd}0-9]/gu, (digit) => String(digitValue(digit)));
}

function digitValue(digit: string): number {
  // Each script has its digits 0 to 9 in one run; the mathematical alphabets follow one another in runs of ten.
  const code = digit.codePointAt(0) ?? 0;
  let start = code;
  while (/\p{Nd}/u.test(String.fromCodePoint(start - 1))) start--;
  return (code - start) % 10;
}
