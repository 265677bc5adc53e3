"""The largest learning rate at which a network begins to train on samples of one's own."""

import numpy as np

import etastar

random = np.random.default_rng(1)
y = random.integers(0, 3, size=3000)
x = random.normal(size=(3000, 20)) + np.eye(3, 20)[y] * 2
found = etastar.find(x, y, hidden=[64] * 4)
print(found)
print(f"train at {found.fastest_rate.learning_rate:.2g}")
