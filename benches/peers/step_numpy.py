"""Times one training step in NumPy: gradient, SGD, and the loss read.

Run it as README.md beside this file says.
"""

import os

# Before NumPy is imported: its BLAS counts the cores then.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from collections.abc import Callable

import steps
from network_numpy import Network, versions


def step_of(start: steps.Start) -> Callable[[], float]:
    """The step that the search takes."""
    shape = start.shape
    network = Network(shape.inputs, shape.width, shape.depth, steps.CLASSES, len(start.labels))
    network.start_from(start.weights)
    return lambda: network.step(start.inputs, start.labels, steps.LEARNING_RATE, 1.0)


if __name__ == "__main__":
    steps.main("numpy", versions(), step_of)
