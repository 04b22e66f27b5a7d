/** A metadata value of a GGUF file, with its type. */
export type GgufValue =
  | { readonly type: 'uint32' | 'float32'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'float32s' | 'int32s'; readonly value: readonly number[] };

/** A tensor in f32; the first dimension is the contiguous one, as ggml counts. */
export interface GgufTensor {
  readonly name: string;
  readonly dimensions: readonly number[];
  readonly data: Float32Array;
}

const alignment = 32;
const types = { uint32: 4, int32: 5, float32: 6, string: 8, array: 9 } as const;

/**
 * A GGUF file, version 3, with f32 tensors.
 *
 * @see the format's specification in ggml's docs/gguf.md
 */
export function encodeGguf(
  metadata: Readonly<Record<string, GgufValue>>,
  tensors: readonly GgufTensor[],
): Buffer {
  const entries = Object.entries(metadata);
  const head = [
    Buffer.from('GGUF', 'latin1'),
    uint32(3),
    uint64(tensors.length),
    uint64(entries.length),
    ...entries.map(([key, value]) => Buffer.concat([string(key), encodeValue(value)])),
    ...tensorInfos(tensors),
  ];
  return Buffer.concat([
    pad(Buffer.concat(head)),
    ...tensors.map(({ data: { buffer, byteOffset, byteLength } }) =>
      pad(Buffer.from(buffer, byteOffset, byteLength)),
    ),
  ]);
}

function tensorInfos(tensors: readonly GgufTensor[]): Buffer[] {
  let offset = 0;
  return tensors.map(({ name, dimensions, data }) => {
    const info = Buffer.concat([
      string(name),
      uint32(dimensions.length),
      ...dimensions.map(uint64),
      uint32(0), // GGML_TYPE_F32
      uint64(offset),
    ]);
    offset += Math.ceil(data.byteLength / alignment) * alignment;
    return info;
  });
}

function encodeValue(value: GgufValue): Buffer {
  switch (value.type) {
    case 'uint32':
      return Buffer.concat([uint32(types.uint32), uint32(value.value)]);
    case 'float32':
      return Buffer.concat([uint32(types.float32), float32(value.value)]);
    case 'string':
      return Buffer.concat([uint32(types.string), string(value.value)]);
    case 'strings':
      return array(types.string, value.value.map(string));
    case 'float32s':
      return array(types.float32, value.value.map(float32));
    case 'int32s':
      return array(types.int32, value.value.map(uint32));
  }
}

function array(type: number, elements: readonly Buffer[]): Buffer {
  return Buffer.concat([uint32(types.array), uint32(type), uint64(elements.length), ...elements]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function float32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function string(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([uint64(bytes.length), bytes]);
}

function pad(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((alignment - (bytes.length % alignment)) % alignment)]);
}
