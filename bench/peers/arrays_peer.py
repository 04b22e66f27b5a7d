"""numpy, FAISS or usearch (the argument names one): choosing the k largest of scores that are given, or exact search."""

import os
import sys

from lines import Table, np, serve

library = sys.argv[1]
threads = int(os.environ.get("OMP_NUM_THREADS", "1"))


def select_numpy(options):
    scores = np.fromfile(options["scores"], dtype=np.float32).reshape(-1, options["n"])
    split = options["n"] - options["k"]
    return {"argpartition": lambda: np.argpartition(scores, split, axis=-1)[:, split:]}


def select_faiss(options):
    scores = np.fromfile(options["scores"], dtype=np.float32).reshape(-1, options["n"])
    chosen = np.empty((len(scores), options["k"]), np.float32)
    ids = np.empty((len(scores), options["k"]), np.int64)
    heaps = faiss.float_minheap_array_t()
    heaps.nh, heaps.k = chosen.shape
    heaps.val, heaps.ids = faiss.swig_ptr(chosen), faiss.swig_ptr(ids)

    def heap():
        heaps.heapify()
        heaps.addn(options["n"], faiss.swig_ptr(scores))
        return ids if len(chosen) else None  # keeps both arrays, whose memory FAISS writes

    return {"heap": heap}


def search(options):
    """Scores and selection in one: the k keys with the largest inner product of each query."""
    n_kv_heads, head_dim, k = options["nKvHeads"], options["headDim"], options["k"]
    keys = Table(options["table"], head_dim).keys(n_kv_heads, options["nKv"])
    queries = np.fromfile(options["query"], dtype=np.float32).reshape(n_kv_heads, -1, head_dim)
    if library == "faiss":
        indexes = [faiss.IndexFlatIP(head_dim) for _ in keys]
        for index, rows in zip(indexes, keys):
            index.add(rows)
        return {"flat_ip": lambda: [index.search(query, k)[1] for index, query in zip(indexes, queries)]}
    return {
        "exact": lambda: [
            usearch.index.search(rows, query, k, usearch.index.MetricKind.IP, exact=True, threads=threads).keys
            for rows, query in zip(keys, queries)
        ]
    }


if library == "numpy":
    serve(f"numpy {np.__version__}", {"select": select_numpy})
elif library == "faiss":
    import faiss

    faiss.omp_set_num_threads(threads)
    serve(f"faiss {faiss.__version__}", {"select": select_faiss, "search": search})
elif library == "usearch":
    import usearch.index

    serve(f"usearch {usearch.__version__}", {"search": search})
else:
    sys.exit(f"unknown library {library}")
