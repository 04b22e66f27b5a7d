import { parquetWriteBuffer } from 'hyparquet-writer';

type Value = string | number | readonly (string | number)[];

/** A Parquet file of rows that all have the same columns, as the hub keeps them: Snappy, integers of 64 bits. */
export function parquetOf(rows: readonly Readonly<Record<string, Value>>[]): Buffer {
  const columnData = Object.keys(rows[0] ?? {}).map((name) => ({
    name,
    data: rows.map((row) => toParquet(row[name])),
  }));
  return Buffer.from(parquetWriteBuffer({ columnData }));
}

function toParquet(value: Value | undefined): unknown {
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value;
}

export function jsonLinesOf(rows: readonly object[]): Buffer {
  return Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}
