import { crc32 } from 'node:zlib';
import { StorageError } from '../errors.js';
import type { StudyRecord } from './storage.js';

/** What a journal file holds. */
export interface DecodedJournal {
  readonly records: readonly StudyRecord[];
  /** Length of the file up to the last whole unit; what follows is torn and may be cut off. */
  readonly goodBytes: number;
  readonly warnings: readonly string[];
}

/** `rest` counts the lines that follow in the same unit: it is whole once a line with 0 is there. */
interface Line {
  readonly seq: number;
  readonly rest: number;
  readonly record: StudyRecord;
}

const CRC_FIELD = /,"crc":"([0-9a-f]{8})"\}$/;

/** The lines of one unit of records, the first of which has the sequence number `seq`. */
export function encodeRecords(records: readonly StudyRecord[], seq: number): string {
  const lines = records.map((record, i) => {
    const body = JSON.stringify({ seq: seq + i, rest: records.length - 1 - i, ...record });
    return `${body.slice(0, -1)},"crc":"${checksum(body)}"}\n`;
  });
  return lines.join('');
}

/**
 * Reads a journal. A last line or unit that was not written to its end is left out, with a warning.
 *
 * @throws {StorageError} if a line in the middle is damaged
 */
export function decodeJournal(file: Buffer, path: string): DecodedJournal {
  const records: StudyRecord[] = [];
  let unit: StudyRecord[] = [];
  let goodBytes = 0;
  let torn: string | undefined;
  for (let begin = 0; begin < file.length && torn === undefined; ) {
    const newline = file.indexOf(0x0a, begin);
    const end = newline < 0 ? file.length : newline;
    const line =
      newline < 0
        ? 'the last line has no end'
        : decodeLine(file.toString('utf8', begin, end), records.length + unit.length);
    if (typeof line === 'string') {
      if (end + 1 < file.length) throw damaged(path, records.length + unit.length + 1, line);
      torn = line;
    } else {
      unit.push(line.record);
      if (line.rest === 0) {
        records.push(...unit);
        unit = [];
        goodBytes = end + 1;
      }
    }
    begin = end + 1;
  }
  return { records, goodBytes, warnings: tornWarnings(path, file.length - goodBytes, torn) };
}

/** The line's content, or what is wrong with it. */
function decodeLine(text: string, seq: number): Line | string {
  const match = CRC_FIELD.exec(text);
  if (match === null) return 'it has no checksum';
  const body = `${text.slice(0, match.index)}}`;
  if (checksum(body) !== match[1]) return 'its checksum does not match';
  const {
    seq: found,
    rest,
    ...record
  } = JSON.parse(body) as { seq: number; rest: number } & StudyRecord;
  if (found !== seq) return `its sequence number is ${found} instead of ${seq}`;
  return { seq, rest, record: record as StudyRecord };
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}

function damaged(path: string, line: number, reason: string): StorageError {
  return new StorageError(
    'ERR_STORAGE',
    `Line ${line} of ${path} is damaged (${reason}); restore the file from a copy, or start a study with another name`,
  );
}

function tornWarnings(
  path: string,
  tornBytes: number,
  reason: string | undefined,
): readonly string[] {
  if (tornBytes === 0) return [];
  const cause = reason ?? 'the last batch is incomplete';
  return [
    `Skipped ${tornBytes} bytes at the end of ${path}: ${cause}, as after a crash; that work is repeated`,
  ];
}
