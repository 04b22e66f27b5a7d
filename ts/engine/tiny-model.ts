import { existsSync } from 'node:fs';
import { writeFileAtomic } from '../files.js';
import { encodeGguf, type GgufTensor, type GgufValue } from './gguf-writer.js';

const shape = { layers: 3, width: 64, ffn: 128, nQHeads: 4, nKvHeads: 2 } as const;

/** Width of the model's heads: 32, or 64 for GPUs, since llama.cpp's CUDA kernels do not attend with less than 40. */
export type TinyHeadDim = 32 | 64;
const specialTokens = ['<unk>', '<s>', '</s>'];

/**
 * Writes a random model of the llama architecture (grouped queries, three layers, a byte tokenizer, about 1 MB) if
 * it is not there: small enough to prove the engine on at every start, and to test with. Always the same bytes.
 */
export async function ensureTinyModel(path: string, headDim: TinyHeadDim = 32): Promise<void> {
  if (existsSync(path)) return;
  await writeFileAtomic(path, encodeTinyModel(headDim));
}

/** The bytes of that file. */
export function encodeTinyModel(headDim: TinyHeadDim = 32): Buffer {
  return encodeGguf(metadata(headDim), tensors(headDim));
}

function metadata(headDim: TinyHeadDim): Record<string, GgufValue> {
  const bytes = Array.from(
    { length: 256 },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  );
  const tokens = [...specialTokens, ...bytes];
  const uint32 = (value: number): GgufValue => ({ type: 'uint32', value });
  return {
    'general.architecture': { type: 'string', value: 'llama' },
    'general.name': { type: 'string', value: 'sparsetune tiny' },
    'llama.context_length': uint32(4096),
    'llama.embedding_length': uint32(shape.width),
    'llama.block_count': uint32(shape.layers),
    'llama.feed_forward_length': uint32(shape.ffn),
    'llama.attention.head_count': uint32(shape.nQHeads),
    'llama.attention.head_count_kv': uint32(shape.nKvHeads),
    'llama.attention.key_length': uint32(headDim),
    'llama.attention.value_length': uint32(headDim),
    'llama.attention.layer_norm_rms_epsilon': { type: 'float32', value: 1e-5 },
    'llama.rope.dimension_count': uint32(headDim),
    'llama.vocab_size': uint32(tokens.length),
    'tokenizer.ggml.model': { type: 'string', value: 'llama' },
    'tokenizer.ggml.tokens': { type: 'strings', value: tokens },
    'tokenizer.ggml.scores': { type: 'float32s', value: tokens.map(() => 0) },
    'tokenizer.ggml.token_type': {
      type: 'int32s', // unknown, control, control, then bytes
      value: tokens.map((_, token) => [2, 3, 3][token] ?? 6),
    },
    'tokenizer.ggml.bos_token_id': uint32(1),
    'tokenizer.ggml.eos_token_id': uint32(2),
    'tokenizer.ggml.unknown_token_id': uint32(0),
  };
}

function tensors(headDim: TinyHeadDim): GgufTensor[] {
  const random = gaussian();
  const { width, ffn, nQHeads, nKvHeads } = shape;
  const matrix = (name: string, input: number, output: number, gain = 1): GgufTensor => ({
    name: `${name}.weight`,
    dimensions: [input, output],
    data: Float32Array.from({ length: input * output }, () => (gain * random()) / Math.sqrt(input)),
  });
  const ones = (name: string): GgufTensor => ({
    name: `${name}.weight`,
    dimensions: [width],
    data: new Float32Array(width).fill(1),
  });
  const layers = Array.from({ length: shape.layers }, (_, layer) => [
    ones(`blk.${layer}.attn_norm`),
    matrix(`blk.${layer}.attn_q`, width, nQHeads * headDim, 2), // sharper than random attention is
    matrix(`blk.${layer}.attn_k`, width, nKvHeads * headDim, 2),
    matrix(`blk.${layer}.attn_v`, width, nKvHeads * headDim),
    matrix(`blk.${layer}.attn_output`, nQHeads * headDim, width),
    ones(`blk.${layer}.ffn_norm`),
    matrix(`blk.${layer}.ffn_gate`, width, ffn),
    matrix(`blk.${layer}.ffn_up`, width, ffn),
    matrix(`blk.${layer}.ffn_down`, ffn, width),
  ]);
  const nVocab = specialTokens.length + 256;
  return [
    matrix('token_embd', width, nVocab, Math.sqrt(width)),
    ...layers.flat(),
    ones('output_norm'),
    matrix('output', width, nVocab, 2),
  ];
}

/** Standard normal numbers, always the same: a 32-bit generator (mulberry32) and Box and Muller's transform. */
function gaussian(): () => number {
  let state = 0x5eed;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
