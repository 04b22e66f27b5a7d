// What the project wants of its kernels: each measured ratio is printed beside its target. `atLeast` is a lower bound,
// `below` an upper one.
export const targets = {
  'dense.torch': { text: 'dense against the best form of torch', atLeast: 3.2 },
  'dense.ggml': { text: 'dense against the best form of ggml', atLeast: 3.2 },
  'dense.stream': { text: 'dense, share of the stream limit', atLeast: 0.8 },
  'attend.shared.f32': {
    text: 'attend 10 %, group lists, against the best dense peer',
    atLeast: 16,
  },
  'attend.shared.16bit': {
    text: 'attend 10 %, group lists, against the best dense peer',
    atLeast: 13,
  },
  'attend.head.f32': {
    text: 'attend 10 %, a list per head, against the best dense peer',
    atLeast: 6,
  },
  'attend.head.16bit': {
    text: 'attend 10 %, a list per head, against the best dense peer',
    atLeast: 5,
  },
  'attend.gather': {
    text: 'attend 2 %, group lists, share of the gather limit',
    atLeast: 0.75,
  },
  'topk.2.f32': { text: 'top_k step 2 %, int8 scores, against our dense', atLeast: 4.5 },
  'topk.10.f32': { text: 'top_k step 10 %, int8 scores, against our dense', atLeast: 2.2 },
  'topk.2.16bit': { text: 'top_k step 2 %, int8 scores, against our dense', atLeast: 3 },
  'topk.10.16bit': { text: 'top_k step 10 %, int8 scores, against our dense', atLeast: 1.6 },
  'select.torch': { text: 'exact top-k selection against torch.topk', atLeast: 15 },
  'select.faiss': { text: 'exact top-k selection against the heap of FAISS', atLeast: 12 },
  'magicpig.dense': { text: 'MagicPig step against our dense', atLeast: 8 },
  'magicpig.bytes': { text: 'MagicPig step, share of its byte bound', atLeast: 0.7 },
  'signatures.fma': { text: 'signature build, share of the FMA peak', atLeast: 0.85 },
  'preset.runs': { text: 'sink + local, share of dense bytes / bytes read', atLeast: 0.6 },
  'preset.gather': { text: 'sampling, share of the gather-limit bound', atLeast: 0.7 },
  threads: { text: 'two threads against one', atLeast: 1.8 },
  overhead: { text: 'call overhead, microseconds', below: 20 },
};

/**
 * 'reached', or by how much a median misses its target; where the machine's own limit misses it too, how much of that
 * limit is reached.
 */
export function judge(id, value, limit = Infinity) {
  const { atLeast, below } = targets[id];
  if (below !== undefined)
    return value < below ? 'reached' : `missed (${value.toFixed(1)} of < ${below})`;
  if (value >= atLeast) return 'reached';
  if (limit < atLeast) return `${percent(value / limit)} of the limit, which is below it`;
  return `missed by ${percent(1 - value / atLeast)}`;
}

function percent(share) {
  return `${(share * 100).toFixed(0)} %`;
}

export function bound(id) {
  const { atLeast, below } = targets[id];
  return below !== undefined ? `< ${below}` : `>= ${atLeast}`;
}
