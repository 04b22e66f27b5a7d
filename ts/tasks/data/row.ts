import { SparseTuneError } from '../../errors.js';

/** One row of a data set; its readers name file, row and column of what is wrong. */
export class Row {
  /** File and row, as a user finds them. */
  readonly place: string;
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>, place: string) {
    this.#values = values;
    this.place = place;
  }

  /** Names of its columns. */
  get columns(): readonly string[] {
    return Object.keys(this.#values);
  }

  /** A list of texts, numbers, lists or objects: what a reader of its own looks at. */
  list(column: string): readonly unknown[] {
    const value = this.#required(column);
    return Array.isArray(value) ? value : this.#refuse(column, 'a list');
  }

  /** An object, as a row of its own. */
  part(column: string): Row {
    const value = this.#required(column);
    if (typeof value === 'object' && !Array.isArray(value))
      return new Row(value as Record<string, unknown>, `${this.place}, column "${column}"`);
    return this.#refuse(column, 'an object');
  }

  /** True where the row has a value there; null is none. */
  has(column: string): boolean {
    return this.#get(column) !== undefined;
  }

  /** @throws {SparseTuneError} `ERR_DATA`, as all readers, where the value is missing or of another kind */
  text(column: string): string {
    const value = this.#required(column);
    return typeof value === 'string' ? value : this.#refuse(column, 'a text');
  }

  optionalText(column: string): string | undefined {
    return this.has(column) ? this.text(column) : undefined;
  }

  /** A text, a number, or a list of those, as texts. */
  texts(column: string): string[] {
    const value = this.#required(column);
    return (Array.isArray(value) ? value : [value]).map((entry) => {
      if (typeof entry === 'string') return entry;
      if (typeof entry === 'number' && Number.isFinite(entry)) return String(entry);
      return this.#refuse(column, 'a text, a number or a list of those');
    });
  }

  optionalTexts(column: string): string[] | undefined {
    return this.has(column) ? this.texts(column) : undefined;
  }

  /** A whole number of at least 1; a text of digits counts as one. */
  count(column: string): number {
    const value = this.#required(column);
    const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
    if (typeof number === 'number' && Number.isSafeInteger(number) && number > 0) return number;
    return this.#refuse(column, 'a whole number of at least 1');
  }

  optionalCount(column: string): number | undefined {
    return this.has(column) ? this.count(column) : undefined;
  }

  /** One of a few texts; undefined where the column is absent. */
  optionalChoice<T extends string>(column: string, choices: readonly T[]): T | undefined {
    if (!this.has(column)) return undefined;
    const found = choices.find((choice) => choice === this.#get(column));
    return found ?? this.#refuse(column, `one of ${choices.join(', ')}`);
  }

  /** @throws {SparseTuneError} always */
  fail(message: string, cause?: unknown): never {
    throw new SparseTuneError(
      'ERR_DATA',
      `${this.place}: ${message}.`,
      cause === undefined ? {} : { cause },
    );
  }

  #get(column: string): unknown {
    if (!Object.hasOwn(this.#values, column)) return undefined;
    return this.#values[column] ?? undefined;
  }

  #required(column: string): unknown {
    const value = this.#get(column);
    if (value !== undefined) return value;
    const known = Object.keys(this.#values).join(', ');
    return this.fail(`the column "${column}" is missing (it has ${known === '' ? 'none' : known})`);
  }

  #refuse(column: string, expected: string): never {
    const value = JSON.stringify(this.#get(column)) ?? 'nothing';
    const shown = value.length > 60 ? `${value.slice(0, 60)}...` : value;
    return this.fail(`the column "${column}" is no ${expected.replace(/^an? /, '')}, but ${shown}`);
  }
}
