import { readFileSync } from 'node:fs';

/** A number of the file as it is written there, for `14` and `14.0` are different labels. */
export interface NumberText {
  readonly number: string;
}

export type Json = string | boolean | null | NumberText | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json;
}

/** Inputs of one metric and what it gave: `expected`, or `raises` where it threw. */
export type MetricCase = JsonObject;

/** Cases of a metrics file, by metric. */
export function readMetricFile(path: string): Readonly<Record<string, readonly MetricCase[]>> {
  const file = parseJson(readFileSync(path, 'utf8'));
  const cases = isObject(file) ? file['cases'] : undefined;
  if (!isObject(cases)) throw new Error(`${path} has no "cases"`);
  for (const [name, list] of Object.entries(cases)) {
    if (!Array.isArray(list) || !list.every(isObject)) {
      throw new Error(`"${name}" in ${path} is no list of cases`);
    }
  }
  return cases as unknown as Record<string, MetricCase[]>;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !isNumberText(value)
  );
}

export function isNumberText(value: Json | undefined): value is NumberText {
  return typeof value === 'object' && value !== null && numberTexts.has(value);
}

const numberTexts = new WeakSet<object>();

/** JSON as Python writes it, NaN and Infinity too; numbers keep their text. */
function parseJson(text: string): Json {
  const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|-?(?:[0-9][0-9.eE+-]*|Infinity)|NaN/g;
  const quoted = text.replace(tokens, (token) =>
    token.startsWith('"') ? token : `{"number":"${token}"}`,
  );
  return JSON.parse(quoted, (_, value) => {
    const isNumber =
      typeof value === 'object' &&
      value !== null &&
      Object.keys(value).join() === 'number' &&
      typeof value.number === 'string';
    if (isNumber) numberTexts.add(value);
    return value;
  });
}
