/**
 * A strict parser of Python literals, as data sets and models write them: text, numbers, `True`, `False`, `None`, lists,
 * tuples, sets and dicts. Nothing is ever evaluated.
 */
import { SparseTuneError } from '../errors.js';
import { decodeString, stringStart } from './python-string.js';

/** Text in `b'...'`, one character a byte. */
export class PythonBytes {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export class PythonTuple {
  readonly items: readonly PythonValue[];
  constructor(items: readonly PythonValue[]) {
    this.items = items;
  }
}

export class PythonSet {
  readonly items: readonly PythonValue[];
  constructor(items: readonly PythonValue[]) {
    this.items = items;
  }
}

/** Python's `...`. */
export const ellipsis = Symbol('...');

/** Keys of equal value are one, as in Python (`1`, `1.0`, `True`), but for tuples and bytes. */
export type PythonKey =
  | string
  | number
  | bigint
  | null
  | typeof ellipsis
  | PythonTuple
  | PythonBytes;
export type PythonDict = ReadonlyMap<PythonKey, PythonValue>;

/** Integers above 2^53 are bigint; no other number is. Lists are arrays. */
export type PythonValue = PythonKey | boolean | PythonSet | readonly PythonValue[] | PythonDict;

/**
 * The value of `text`, which may have blanks, blank lines and comments around it where Python's `eval` takes them.
 *
 * Not taken, though Python does: complex numbers, `\N{name}`, f-strings, a tuple without brackets. Escapes of a surrogate
 * pair (`'\ud83d\ude00'`) join to one character, which Python's do not.
 *
 * @throws {SparseTuneError} `ERR_DATA` with the place of the fault
 */
export function parsePythonLiteral(text: string): PythonValue {
  return new Reader(text.replace(/^[ \t]+/, '').replace(/\r\n?/g, '\n')).read();
}

/** Python's `==`. */
export function equalsPython(a: PythonValue, b: PythonValue): boolean {
  if (isNumeric(a) && isNumeric(b)) return equalsNumeric(a, b);
  if (a instanceof Map && b instanceof Map) {
    return (
      a.size === b.size &&
      [...a].every(([key, value]) => b.has(key) && equalsPython(value, b.get(key)))
    );
  }
  if (Array.isArray(a) && Array.isArray(b)) return equalsItems(a, b);
  if (a instanceof PythonTuple && b instanceof PythonTuple) return equalsItems(a.items, b.items);
  if (a instanceof PythonBytes && b instanceof PythonBytes) return a.text === b.text;
  if (a instanceof PythonSet && b instanceof PythonSet) {
    return [a, b].every(({ items }, i) =>
      items.every((item) => [b, a][i]?.items.some((other) => equalsPython(item, other))),
    );
  }
  return a === b;
}

type Numeric = number | bigint | boolean;

function isNumeric(value: PythonValue): value is Numeric {
  return ['number', 'bigint', 'boolean'].includes(typeof value);
}

function equalsNumeric(a: Numeric, b: Numeric): boolean {
  // `==` of number and bigint compares exact values, as Python does.
  const [x, y] = [a, b].map((value) => (typeof value === 'boolean' ? Number(value) : value));
  return x !== undefined && y !== undefined && x <= y && x >= y;
}

function equalsItems(a: readonly PythonValue[], b: readonly PythonValue[]): boolean {
  return a.length === b.length && a.every((item, i) => equalsPython(item, b[i] ?? null));
}

const digits = '[0-9](?:_?[0-9])*';
const exponent = `[eE][+-]?${digits}`;
const float = new RegExp(
  `(?:(?:${digits})?\\.${digits}|${digits}\\.)(?:${exponent})?|${digits}${exponent}`,
  'y',
);
const integer =
  /0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|0(?:_?0)*|[1-9](?:_?[0-9])*/y;
const name = /[\p{L}\p{N}_]+/uy;
const names: Readonly<Record<string, boolean | null>> = { True: true, False: false, None: null };
/** Blanks inside brackets. */
const blanksInside = /(?:[ \t\f\n]|\\\n|#[^\n]*)*/y;
const blanksOnLine = /(?:[ \t\f]|\\\n(?!$))*/y;
/** Blank lines and comments before the value, which may not be indented. */
const linesBefore = /(?:[ \t\f]*(?:#[^\n]*)?\n)*(?:[ \t\f]*\f)?(?:\\\n)*/y;
/** The rest of the value's line, and blank lines and comments behind it; blanks alone may not end the text. */
const linesAfter =
  /[ \t\f]*(?:#[^\n]*)?(?:\n(?:[ \t\f]*(?:#[^\n]*)?(?=\n)|[ \t\f]*(?:#[^\n]*|\f)$|$))*/y;
const maxDepth = 200;
const maxDigits = 4300;

class Reader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): PythonValue {
    const refused = this.#text.search(/\0|\p{Cs}/u);
    if (refused !== -1) this.#fail('a character', refused);
    this.#take(linesBefore);
    const value = this.#value();
    this.#take(linesAfter);
    if (this.#at < this.#text.length) this.#fail('the end');
    return value;
  }

  #value(): PythonValue {
    const signs = this.#signs();
    if (signs.length > 0) {
      const value = this.#value();
      if (!isNumeric(value)) this.#fail('a number');
      const size = typeof value === 'boolean' ? Number(value) : value;
      return signs.filter((sign) => sign === '-').length % 2 === 1 ? -size : size;
    }
    if (this.#take(/\[/y) !== undefined) return this.#items(/\]/y).items;
    if (this.#take(/\(/y) !== undefined) return this.#brackets();
    if (this.#take(/\{/y) !== undefined) return this.#braces();
    if (this.#take(/\.{3}/y) !== undefined) return ellipsis;
    return this.#strings() ?? this.#number() ?? this.#name();
  }

  #signs(): string[] {
    const signs: string[] = [];
    for (let sign = this.#take(/[+-]/y); sign !== undefined; sign = this.#take(/[+-]/y)) {
      signs.push(sign);
      this.#skipBlanks();
    }
    return signs;
  }

  #brackets(): PythonValue {
    const { items, hasComma } = this.#items(/\)/y);
    const [first] = items;
    return items.length === 1 && !hasComma && first !== undefined ? first : new PythonTuple(items);
  }

  #braces(): PythonValue {
    const dict = new Map<PythonKey, PythonValue>();
    const members: PythonKey[] = [];
    this.#items(/\}/y, (index) => {
      const item = this.#key();
      this.#skipBlanks();
      const isEntry = this.#take(/:/y) !== undefined;
      if (index > 0 && isEntry !== dict.size > 0) this.#fail('entries or members alone');
      if (isEntry) {
        this.#skipBlanks();
        dict.set(item, this.#value());
      } else members.push(item);
      return item;
    });
    return members.length > 0 ? new PythonSet([...new Set(members)]) : dict;
  }

  /** A value that Python can hash. */
  #key(): PythonKey {
    const value = this.#value();
    if (typeof value === 'boolean') return Number(value);
    if (!isHashable(value)) this.#fail('a key that is no list, set or dict');
    return value;
  }

  /** Values up to `end`, separated by commas; `read` takes one, given its index. */
  #items(end: RegExp, read = (_: number) => this.#value()) {
    if (++this.#depth > maxDepth) this.#fail('fewer brackets');
    const items: PythonValue[] = [];
    let hasComma = false;
    this.#skipBlanks();
    while (this.#take(end) === undefined) {
      if (items.length > 0 && !hasComma) this.#fail('a comma');
      items.push(read(items.length));
      this.#skipBlanks();
      hasComma = this.#take(/,/y) !== undefined;
      this.#skipBlanks();
    }
    this.#depth--;
    return { items, hasComma };
  }

  /** Adjacent pieces of text, which are one, or undefined where there is none. */
  #strings(): string | PythonBytes | undefined {
    const pieces: string[] = [];
    let isBytes: boolean | undefined;
    for (
      let start = this.#take(stringStart);
      start !== undefined;
      start = this.#take(stringStart)
    ) {
      const piece = decodeString(this.#text, this.#at, start);
      if (piece === undefined) this.#fail('a closed string with valid escapes');
      if (isBytes !== undefined && isBytes !== piece.isBytes) this.#fail('text or bytes alone');
      isBytes = piece.isBytes;
      pieces.push(piece.text);
      this.#at = piece.end;
      this.#skipBlanks();
    }
    if (isBytes === undefined) return undefined;
    return isBytes ? new PythonBytes(pieces.join('')) : pieces.join('');
  }

  #number(): number | bigint | undefined {
    const text = this.#take(float)?.replaceAll('_', '');
    if (text !== undefined) return this.#endWord(Number(text));
    const whole = this.#take(integer)?.replaceAll('_', '');
    if (whole === undefined) return undefined;
    if (/^[0-9]+$/.test(whole) && whole.length > maxDigits) this.#fail('a shorter integer');
    const value = BigInt(whole);
    const isSafe = value <= Number.MAX_SAFE_INTEGER;
    return this.#endWord(isSafe ? Number(value) : value);
  }

  #name(): PythonValue {
    const begin = this.#at;
    const value = names[this.#take(name) ?? ''];
    if (value === undefined) this.#fail('a Python literal', begin);
    return value;
  }

  /** `value`, if no letter or digit follows the number that it was read from. */
  #endWord<T>(value: T): T {
    const begin = this.#at;
    if (this.#take(name) !== undefined) this.#fail('the end of the number', begin);
    return value;
  }

  #skipBlanks(): void {
    this.#take(this.#depth > 0 ? blanksInside : blanksOnLine);
  }

  /** What a sticky pattern matches here, which is then read. */
  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text)?.[0];
    this.#at += match?.length ?? 0;
    return match;
  }

  #fail(expected: string, at = this.#at): never {
    const found =
      at < this.#text.length ? JSON.stringify(this.#text.slice(at, at + 12)) : 'the end';
    throw new SparseTuneError(
      'ERR_DATA',
      `Expected ${expected} in a Python literal but found ${found} at character ${at}`,
    );
  }
}

function isHashable(value: PythonValue): value is PythonKey | boolean {
  if (value instanceof PythonTuple) return value.items.every(isHashable);
  return !Array.isArray(value) && !(value instanceof Map) && !(value instanceof PythonSet);
}
