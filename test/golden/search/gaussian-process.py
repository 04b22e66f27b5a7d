"""Posterior and log marginal likelihood of a Gaussian process with an anisotropic Matern-5/2 kernel, by scikit-learn.

Run: pip install scikit-learn==1.7.2, then
python test/golden/search/gaussian-process.py > test/golden/search/gaussian-process.json
"""
import json

import numpy as np
import sklearn
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern

SEED, N, JITTER = 11, 10, 1e-6
LENGTHS, AMPLITUDE, NOISE = [0.3, 0.8, 1.7], 1.4, 0.02
rng = np.random.default_rng(SEED)
features = rng.uniform(size=(N, 3))
targets = np.sin(5 * features[:, 0]) + features[:, 1] ** 2 - 0.5
relative = 1.0 + np.arange(N) % 3
queries = rng.uniform(-0.2, 1.2, size=(5, 3))
kernel = ConstantKernel(AMPLITUDE) * Matern(LENGTHS, nu=2.5)
gp = GaussianProcessRegressor(kernel, alpha=NOISE * relative + JITTER, optimizer=None).fit(features, targets)
mean, sd = gp.predict(queries, return_std=True)
print(json.dumps({
    "source": "scikit-learn, GaussianProcessRegressor without optimizer",
    "version": sklearn.__version__,
    "command": "python test/golden/search/gaussian-process.py > test/golden/search/gaussian-process.json",
    "seed": SEED,
    "lengths": LENGTHS,
    "amplitude": AMPLITUDE,
    "noise": NOISE,
    "features": features.tolist(),
    "targets": targets.tolist(),
    "relativeNoise": relative.tolist(),
    "queries": queries.tolist(),
    "means": mean.tolist(),
    "sds": sd.tolist(),
    "logLikelihood": gp.log_marginal_likelihood_value_,
}, indent=1))
