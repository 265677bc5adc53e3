"""Times one training step in eager PyTorch: gradient, SGD, and the loss read.

Run it as README.md beside this file says.
"""

from collections.abc import Callable

import torch

import steps
from network_pytorch import (
    new_network,
    new_optimizer,
    start_from,
    step,
    use_one_thread,
    versions,
)


def step_of(start: steps.Start) -> Callable[[], float]:
    """The step that the search takes."""
    shape = start.shape
    network = new_network(shape.inputs, shape.width, shape.depth, steps.CLASSES)
    start_from(network, start.weights)
    optimizer = new_optimizer(network, steps.LEARNING_RATE, 1.0)
    inputs, labels = torch.from_numpy(start.inputs), torch.from_numpy(start.labels)
    return lambda: step(network, optimizer, inputs, labels)


if __name__ == "__main__":
    use_one_thread()
    steps.main("pytorch", versions(), step_of)
