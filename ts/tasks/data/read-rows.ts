import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { SparseTuneError } from '../../errors.js';
import { withoutByteOrderMark } from '../../files.js';
import { Row } from './row.js';

/** Endings of the files that `readRows` reads, the first of several with the same name first. */
export const dataFileTypes = ['parquet', 'jsonl', 'json'] as const;

/**
 * All rows of a Parquet file, of a JSONL file (one object a line), or of a JSON file (one list of objects).
 *
 * @throws {SparseTuneError} `ERR_DATA` naming file and row where one cannot be read
 */
export async function readRows(path: string): Promise<Row[]> {
  if (path.endsWith('.parquet')) return readParquet(path);
  return path.endsWith('.json') ? readJson(path) : readJsonLines(path);
}

/**
 * The row in a line of a JSONL file.
 *
 * @param line - of the file, the first is 1
 * @throws {SparseTuneError} `ERR_DATA` where it is no JSON object
 */
export function parseJsonLine(text: string, file: string, line: number): Row {
  const place = `${file}, line ${line}`;
  try {
    return toRow(JSON.parse(text), place);
  } catch (cause) {
    if (cause instanceof SparseTuneError) throw cause;
    throw unreadable(place, 'is no JSON', cause);
  }
}

async function readJsonLines(path: string): Promise<Row[]> {
  const file = basename(path);
  const rows: Row[] = [];
  let number = 0;
  try {
    for await (const line of linesOf(path)) {
      number += 1;
      if (line.trim() !== '') rows.push(parseJsonLine(line, file, number));
    }
  } catch (cause) {
    if (cause instanceof SparseTuneError) throw cause;
    throw unreadable(path, 'cannot be read', cause);
  }
  return rows;
}

/** Only a line feed ends a line: JSON may hold what Unicode, and some versions of `node:readline`, take for an end. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let isFirst = true;
  let pieces: string[] = [];
  for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: 1 << 18 })) {
    const text = isFirst ? withoutByteOrderMark(chunk as string) : (chunk as string);
    isFirst = false;
    const [end = '', ...others] = text.split('\n');
    pieces.push(end);
    for (const begin of others) {
      yield pieces.join('');
      pieces = [begin];
    }
  }
  yield pieces.join('');
}

async function readJson(path: string): Promise<Row[]> {
  let value: unknown;
  try {
    value = JSON.parse(withoutByteOrderMark(await readFile(path, 'utf8')));
  } catch (cause) {
    throw unreadable(path, 'is no JSON', cause);
  }
  if (!Array.isArray(value))
    throw new SparseTuneError('ERR_DATA', `${path} holds no list of rows. Use JSONL or a list.`);
  return value.map((row, index) => toRow(row, `${basename(path)}, row ${index + 1}`));
}

async function readParquet(path: string): Promise<Row[]> {
  let values: Record<string, unknown>[];
  try {
    const file = await asyncBufferFromFile(path);
    values = await parquetReadObjects({ file, compressors });
  } catch (cause) {
    throw unreadable(path, 'is no Parquet file that can be read', cause);
  }
  const file = basename(path);
  return values.map((row, index) => toRow(withoutBigints(row), `${file}, row ${index + 1}`));
}

/** Integers of 64 bits as numbers: none in these data sets is above 2^53. */
function withoutBigints(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(withoutBigints);
  if (typeof value !== 'object' || value === null) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value; // a date or bytes
  return Object.fromEntries(Object.entries(value).map(([key, own]) => [key, withoutBigints(own)]));
}

function toRow(value: unknown, place: string): Row {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return new Row(value as Record<string, unknown>, place);
  throw new SparseTuneError('ERR_DATA', `${place} is no JSON object.`);
}

function unreadable(what: string, problem: string, cause: unknown): SparseTuneError {
  const { message } = cause as Error;
  return new SparseTuneError('ERR_DATA', `${what} ${problem}: ${message}`, { cause });
}
