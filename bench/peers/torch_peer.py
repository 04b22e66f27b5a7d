"""torch: dense decode in three forms, top-k selection, signatures of random planes."""

import os
import sys

from lines import Table, np, serve

import torch
import torch.nn.functional as F

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
torch.set_grad_enabled(False)
DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}


def dense(options):
    n_q_heads, n_kv_heads = options["nQHeads"], options["nKvHeads"]
    head_dim, n_kv = options["headDim"], options["nKv"]
    dtype = DTYPES[options["dtype"]]
    table = Table(options["table"], head_dim)
    keys, values = (
        [
            torch.from_numpy(rows).to(dtype).clone().unsqueeze(0)
            for rows in [take(n_kv_heads, n_kv)]
            for _ in range(options["copies"])
        ]
        for take in (table.keys, table.values)
    )
    query = torch.from_numpy(np.fromfile(options["query"], dtype=np.float32)).to(dtype)
    by_head = query.view(1, n_q_heads, 1, head_dim)
    by_group = query.view(1, n_kv_heads, n_q_heads // n_kv_heads, head_dim)
    turn = [0]

    def cache():
        turn[0] += 1
        at = turn[0] % len(keys)
        return keys[at], values[at]

    def sdpa_packed():
        return F.scaled_dot_product_attention(by_group, *cache()).float()

    def sdpa_enable_gqa():
        return F.scaled_dot_product_attention(by_head, *cache(), enable_gqa=True).float()

    def matmul_softmax():
        k, v = cache()
        return (torch.softmax(by_group @ k.transpose(-1, -2) * head_dim**-0.5, -1) @ v).float()

    return {"sdpa_packed": sdpa_packed, "sdpa_enable_gqa": sdpa_enable_gqa, "matmul_softmax": matmul_softmax}


def select(options):
    scores = torch.from_numpy(np.fromfile(options["scores"], dtype=np.float32)).view(-1, options["n"])
    return {"topk": lambda: torch.topk(scores, options["k"], dim=-1, sorted=False).indices}


def signatures(options):
    n_tables, n_bits = options["lshL"], options["lshK"]
    vectors = torch.from_numpy(np.fromfile(options["vectors"], dtype=np.float32)).view(-1, options["headDim"])
    planes = torch.from_numpy(np.fromfile(options["planes"], dtype=np.float32)).view(-1, options["headDim"])
    across = planes.T.contiguous()
    powers = 2 ** torch.arange(n_bits)

    def matmul_pack():
        bits = (vectors @ across >= 0).view(len(vectors), n_tables, n_bits)
        return (bits.long() * powers).sum(-1)

    return {"matmul_pack": matmul_pack}


if __name__ == "__main__":
    cases = {"dense": dense, "select": select, "signatures": signatures}
    serve(f"torch {torch.__version__}", cases)
    sys.exit(0)
