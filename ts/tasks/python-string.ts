/** Text literals of Python: where they end and what their escapes stand for. */

/** Prefix and opening quotes of a literal; f-strings are none. */
export const stringStart = /(?:[rR][bB]?|[bB][rR]?|[uU])?(?:'''|"""|'|")/y;

export interface StringPiece {
  readonly text: string;
  readonly isBytes: boolean;
  /** Behind the closing quotes. */
  readonly end: number;
}

const simpleEscapes: Readonly<Record<string, string>> = {
  '\n': '',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};
const escapes =
  /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([\n\\'"abfnrtvxuUN]))/g;
const byteEscapes = /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|([\n\\'"abfnrtvx]))/g;

/**
 * The literal whose body begins at `begin` of `source`, behind `start` (prefix and quotes); undefined where it does not
 * end or has an escape that Python refuses. Unknown escapes stay as they are written, as in Python.
 */
export function decodeString(
  source: string,
  begin: number,
  start: string,
): StringPiece | undefined {
  const [, prefix = '', quotes = ''] = /^([a-z]*)(.*)$/i.exec(start) ?? [];
  const bodyEnd = findEnd(source, begin, quotes);
  if (bodyEnd === undefined) return undefined;
  const isBytes = /b/i.test(prefix);
  const body = source.slice(begin, bodyEnd);
  if (isBytes && /[^\0-\x7f]/.test(body)) return undefined;
  const text = /r/i.test(prefix) ? body : isBytes ? unescapeBytes(body) : unescapeText(body);
  return text === undefined ? undefined : { text, isBytes, end: bodyEnd + quotes.length };
}

function findEnd(source: string, begin: number, quotes: string): number | undefined {
  for (let at = begin; at < source.length; at++) {
    if (source.startsWith(quotes, at)) return at;
    if (source[at] === '\\') at++;
    else if (source[at] === '\n' && quotes.length === 1) return undefined;
  }
  return undefined;
}

function unescapeText(body: string): string | undefined {
  let isValid = true;
  const text = body.replace(escapes, (_, octal, hex, short, long, other) => {
    const code =
      octal === undefined ? Number.parseInt(hex ?? short ?? long, 16) : Number.parseInt(octal, 8);
    if (Number.isNaN(code)) {
      isValid &&= !'xuUN'.includes(other);
      return simpleEscapes[other] ?? other;
    }
    isValid &&= code <= 0x10ffff;
    return isValid ? String.fromCodePoint(code) : '';
  });
  return isValid ? text : undefined;
}

function unescapeBytes(body: string): string | undefined {
  let isValid = true;
  const text = body.replace(byteEscapes, (_, octal, hex, other) => {
    if (other === undefined) {
      const code = octal === undefined ? Number.parseInt(hex, 16) : Number.parseInt(octal, 8);
      return String.fromCharCode(code & 0xff);
    }
    isValid &&= other !== 'x';
    return simpleEscapes[other] ?? other;
  });
  return isValid ? text : undefined;
}
