import { encodeGguf, type GgufTensor, type GgufValue } from '../../ts/engine/gguf-writer.js';

const [width, ffn, nVocab] = [16, 32, 259];

const uint32 = (value: number): GgufValue => ({ type: 'uint32', value });

/** A byte tokenizer, as the tiny model's. */
function tokenizer(): Record<string, GgufValue> {
  const bytes = Array.from(
    { length: 256 },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  );
  const tokens = ['<unk>', '<s>', '</s>', ...bytes];
  return {
    'tokenizer.ggml.model': { type: 'string', value: 'llama' },
    'tokenizer.ggml.tokens': { type: 'strings', value: tokens },
    'tokenizer.ggml.scores': { type: 'float32s', value: tokens.map(() => 0) },
    'tokenizer.ggml.token_type': {
      type: 'int32s',
      value: tokens.map((_, token) => [2, 3, 3][token] ?? 6),
    },
    'tokenizer.ggml.bos_token_id': uint32(1),
    'tokenizer.ggml.eos_token_id': uint32(2),
    'tokenizer.ggml.unknown_token_id': uint32(0),
  };
}

function header(architecture: string, own: Record<string, GgufValue>): Record<string, GgufValue> {
  const named = Object.entries(own).map(([key, value]) => [`${architecture}.${key}`, value]);
  return {
    'general.architecture': { type: 'string', value: architecture },
    'general.name': { type: 'string', value: `a random ${architecture}` },
    ...Object.fromEntries(named),
    ...tokenizer(),
  };
}

function tensor(name: string, ...dimensions: number[]): GgufTensor {
  const length = dimensions.reduce((product, n) => product * n, 1);
  const data = Float32Array.from({ length }, (_, i) => 0.1 * Math.sin(1 + i));
  return { name, dimensions, data };
}

/** A recurrent model of one layer. */
export function mambaGguf(): Buffer {
  const [conv, inner, state, rank] = [4, 32, 16, 4];
  return encodeGguf(
    header('mamba', {
      context_length: uint32(256),
      embedding_length: uint32(width),
      block_count: uint32(1),
      feed_forward_length: uint32(0),
      'attention.head_count': uint32(0),
      'attention.layer_norm_rms_epsilon': { type: 'float32', value: 1e-5 },
      'ssm.conv_kernel': uint32(conv),
      'ssm.inner_size': uint32(inner),
      'ssm.state_size': uint32(state),
      'ssm.time_step_rank': uint32(rank),
    }),
    [
      tensor('token_embd.weight', width, nVocab),
      tensor('output_norm.weight', width),
      tensor('output.weight', width, nVocab),
      tensor('blk.0.attn_norm.weight', width),
      tensor('blk.0.ssm_in.weight', width, 2 * inner),
      tensor('blk.0.ssm_conv1d.weight', conv, inner),
      tensor('blk.0.ssm_conv1d.bias', inner),
      tensor('blk.0.ssm_x.weight', inner, rank + 2 * state),
      tensor('blk.0.ssm_dt.weight', rank, inner),
      tensor('blk.0.ssm_dt.bias', inner),
      tensor('blk.0.ssm_a', state, inner),
      tensor('blk.0.ssm_d', inner),
      tensor('blk.0.ssm_out.weight', inner, width),
    ],
  );
}

/** An encoder of one layer: every token sees every other, and there is no KV cache. */
export function bertGguf(): Buffer {
  const dense = (name: string, input: number, output: number) => [
    tensor(`${name}.weight`, input, output),
    tensor(`${name}.bias`, output),
  ];
  const norm = (name: string) => [tensor(`${name}.weight`, width), tensor(`${name}.bias`, width)];
  return encodeGguf(
    {
      ...header('bert', {
        context_length: uint32(256),
        embedding_length: uint32(width),
        block_count: uint32(1),
        feed_forward_length: uint32(ffn),
        'attention.head_count': uint32(2),
        'attention.layer_norm_epsilon': { type: 'float32', value: 1e-5 },
        pooling_type: uint32(1),
      }),
      'tokenizer.ggml.token_type_count': uint32(2),
    },
    [
      tensor('token_embd.weight', width, nVocab),
      tensor('token_types.weight', width, 2),
      tensor('position_embd.weight', width, 256),
      ...norm('token_embd_norm'),
      ...dense('blk.0.attn_q', width, width),
      ...dense('blk.0.attn_k', width, width),
      ...dense('blk.0.attn_v', width, width),
      ...dense('blk.0.attn_output', width, width),
      ...norm('blk.0.attn_output_norm'),
      ...dense('blk.0.ffn_up', width, ffn),
      ...dense('blk.0.ffn_down', ffn, width),
      ...norm('blk.0.layer_output_norm'),
    ],
  );
}

/** Whole and well-formed, of an architecture that nobody has heard of. */
export function unknownGguf(): Buffer {
  return encodeGguf(header('perpetuum', { context_length: uint32(256) }), [
    tensor('token_embd.weight', width, nVocab),
  ]);
}
