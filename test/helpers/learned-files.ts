import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HashOfLayer } from '../../ts/native/attention-addon.js';

/** Tensors of a hash by their names in a file. */
export function hashTensors(hash: HashOfLayer, layer = 0) {
  return (['query', 'key'] as const).flatMap((side) =>
    hash[side].flatMap(({ nIn, nOut, matrix, bias }, i) => [
      {
        name: `layers.${layer}.${side}_matrix.${i}`,
        shape: [hash.nHeads, nIn, nOut],
        data: matrix,
      },
      { name: `layers.${layer}.${side}_bias.${i}`, shape: [hash.nHeads, nOut], data: bias },
    ]),
  );
}

type Tensors = ReturnType<typeof hashTensors>;

/** Writes tensors as JSON; returns the path. */
export function writeJsonTensors(folder: string, tensors: Tensors): string {
  const path = join(folder, 'hash.json');
  const entries = tensors.map(({ name, shape, data }) => [name, nest([...data], shape)]);
  writeFileSync(path, JSON.stringify(Object.fromEntries(entries)));
  return path;
}

/** Writes tensors as safetensors of 32-bit floats; returns the path. */
export function writeSafetensors(folder: string, tensors: Tensors): string {
  const path = join(folder, 'hash.safetensors');
  let offset = 0;
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  for (const { name, shape, data } of tensors) {
    const end = offset + data.byteLength;
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const data = tensors.map((tensor) => Buffer.from(tensor.data.slice().buffer));
  writeFileSync(path, Buffer.concat([length, json, ...data]));
  return path;
}

/** Writes channel lists of some layers; returns the path. */
export function writeChannels(folder: string, layers: readonly number[][][]): string {
  const path = join(folder, 'channels.json');
  const entries = layers.map((lists, n) => [`model.layers.${n}.self_attn.qk_proj`, lists]);
  writeFileSync(path, JSON.stringify(Object.fromEntries(entries)));
  return path;
}

function nest(flat: readonly number[], [first = 1, ...rest]: readonly number[]): unknown {
  if (rest.length === 0) return flat;
  const size = flat.length / first;
  return Array.from({ length: first }, (_, i) => nest(flat.slice(i * size, (i + 1) * size), rest));
}
