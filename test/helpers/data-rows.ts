import { parquetWriteBuffer } from 'hyparquet-writer';

type SchemaElement = NonNullable<Parameters<typeof parquetWriteBuffer>[0]['schema']>[number];
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

/** A Parquet file of rows with lists and objects, typed as the hub types them; the first row shows the types. */
export function nestedParquetOf(rows: readonly object[]): Buffer {
  const columns = Object.entries(rows[0] ?? {});
  const columnData = columns.map(([name]) => ({
    name,
    data: rows.map((row) => row[name as keyof typeof row]),
  }));
  const root: SchemaElement = { name: 'schema', num_children: columns.length };
  const schema = [root, ...columns.flatMap(([name, value]) => elementsOf(name, value))];
  return Buffer.from(parquetWriteBuffer({ columnData, schema }));
}

/** The schema of a value, depth first: texts, numbers, lists of at least one value, objects. */
function elementsOf(name: string, value: unknown): SchemaElement[] {
  const element = { name, repetition_type: 'OPTIONAL' } as const;
  if (typeof value === 'number') return [{ ...element, type: 'INT32' }];
  if (typeof value === 'string')
    return [{ ...element, type: 'BYTE_ARRAY', converted_type: 'UTF8' }];
  if (Array.isArray(value)) {
    return [
      { ...element, converted_type: 'LIST', num_children: 1 },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      ...elementsOf('element', value[0]),
    ];
  }
  const fields = Object.entries(value as object);
  return [
    { ...element, num_children: fields.length },
    ...fields.flatMap(([field, own]) => elementsOf(field, own)),
  ];
}

export function jsonLinesOf(rows: readonly object[]): Buffer {
  return Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}
