"""Log densities of a mixed space by Optuna's mixture of truncated kernels.

Run: pip install optuna==5.0.0, then python test/golden/search/parzen.py > test/golden/search/parzen.json
"""
import json
import math

import numpy as np
import optuna
from optuna.samplers._tpe import probability_distributions as pd

SEED, N, BANDWIDTH = 7, 6, 0.13
rng = np.random.default_rng(SEED)
LOG = math.log(32.5 / 0.5)


def draw(n):
    return {
        "x": rng.uniform(-5, 10, n).tolist(),
        "rate": (10 ** rng.uniform(-4, 0, n)).tolist(),
        "size": rng.integers(1, 9, n).tolist(),
        "window": rng.integers(1, 33, n).tolist(),
        "kind": rng.integers(0, 4, n).tolist(),
    }


def unit_x(v):
    return (np.array(v) + 5) / 15


def unit_rate(v):
    return np.log(np.array(v) / 1e-4) / math.log(1e4)


def window_centre(v):
    # the middle, on the log scale, of the cell [v - 1/2, v + 1/2]
    v = np.array(v, float)
    return (np.log(v - 0.5) + np.log(v + 0.5)) / 2


def with_prior(values, prior):
    return np.append(values, prior)


observed, queried = draw(N), draw(12)
sd = with_prior(np.full(N, BANDWIDTH), 1.0)
b = 1 / (1 + 0.25 * math.sqrt(N))
weights = np.full((N + 1, 4), b / 4)
weights[np.arange(N), observed["kind"]] += 1 - b
weights[N] = 1 / 4
mixture = pd._MixtureOfProductDistribution(
    weights=np.full(N + 1, 1 / (N + 1)),
    distributions=[
        pd._BatchedTruncNormDistributions(mu=with_prior(unit_x(observed["x"]), 0.5), sigma=sd, low=0, high=1),
        pd._BatchedTruncNormDistributions(mu=with_prior(unit_rate(observed["rate"]), 0.5), sigma=sd, low=0, high=1),
        pd._BatchedDiscreteTruncNormDistributions(mu=with_prior(observed["size"], 4.5), sigma=sd * 8, low=1, high=8, step=1),
        pd._BatchedDiscreteTruncLogNormDistributions(
            mu=with_prior(window_centre(observed["window"]), math.log(0.5) + LOG / 2), sigma=sd * LOG, low=1, high=32, step=1
        ),
        pd._BatchedCategoricalDistributions(weights=weights),
    ],
)
points = np.column_stack([unit_x(queried["x"]), unit_rate(queried["rate"]), queried["size"], queried["window"], queried["kind"]])
print(json.dumps({
    "source": "optuna, _MixtureOfProductDistribution.log_pdf; continuous parameters on the unit interval",
    "version": optuna.__version__,
    "command": "python test/golden/search/parzen.py > test/golden/search/parzen.json",
    "seed": SEED,
    "bandwidth": BANDWIDTH,
    "observed": [dict(zip(observed, row)) for row in zip(*observed.values())],
    "queried": [dict(zip(queried, row)) for row in zip(*queried.values())],
    "logDensities": mixture.log_pdf(points).tolist(),
}, indent=1))
