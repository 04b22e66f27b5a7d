"""What every Python peer shares: commands and answers as JSON lines, the common rows, timing."""

import json
import os
import sys
import time

# Some machines pin an old OpenBLAS kernel by these; a benchmark wants the one the library chooses.
for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(name, None)

import numpy as np  # noqa: E402  (after the environment)


class Table:
    """Rows of floats that all rivals take their keys and values from, in the same order."""

    def __init__(self, path, head_dim):
        self.rows = np.fromfile(path, dtype=np.float32).reshape(-1, head_dim)

    def keys(self, n_kv_heads, n_kv):
        return self._take(7, 13, n_kv_heads, n_kv)

    def values(self, n_kv_heads, n_kv):
        return self._take(5, 3, n_kv_heads, n_kv)

    def _take(self, step, shift, n_kv_heads, n_kv):
        numbers = np.arange(n_kv, dtype=np.int64) * step
        return np.stack([self.rows[(numbers + head * shift) % len(self.rows)] for head in range(n_kv_heads)])


def time_calls(call, budget_ms):
    """Median milliseconds of calls for about a budget; one call at least."""
    times = []
    end = time.perf_counter() + budget_ms / 1e3
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1e3)
    return sorted(times)[len(times) // 2]


def serve(name, cases):
    """Answers commands until stdin ends. `cases[case](options)` gives forms: name -> call, whose result is an array."""
    forms = {}
    calls = {"hello": lambda _: {"name": name}}

    def load(options):
        forms.clear()
        forms.update(cases[options["case"]](options))
        return {"forms": list(forms)}

    def result(options):
        return {"result": np.asarray(forms[options["form"]](), dtype=np.float64).ravel().tolist()}

    calls["load"] = load
    calls["result"] = result
    calls["time"] = lambda options: {"ms": time_calls(forms[options["form"]], options["budgetMs"])}
    calls["free"] = lambda _: forms.clear() or {}
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = calls[command["cmd"]](command)
        except Exception as error:  # the bench names it and goes on without this form
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps(answer), flush=True)
