"""The network in eager PyTorch, as one would write it for research."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

EVALUATED_AT_ONCE = 2048
"""Validation samples of a forward pass."""


def use_one_thread() -> None:
    """To be called first: PyTorch takes it only before it has computed anything."""
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)


def versions() -> dict[str, str]:
    """What the times depend on."""
    return {"torch": torch.__version__, "numpy": numpy.__version__}


def new_network(inputs: int, width: int, depth: int, classes: int) -> nn.Sequential:
    """A bias-free ReLU network; its weights are still to be given."""
    sizes = [inputs, *[width] * depth, classes]
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(sizes):
        layers += [nn.Linear(fan_in, fan_out, bias=False), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


@torch.no_grad()
def start_from(network: nn.Sequential, weights: Sequence[NDArray[Any]]) -> None:
    """Takes over these weights, each [inputs, outputs]; PyTorch keeps them transposed."""
    for parameter, given in zip(network.parameters(), weights):
        parameter.copy_(torch.from_numpy(given).T)


def new_optimizer(
    network: nn.Sequential, learning_rate: float, input_rate: float
) -> torch.optim.SGD:
    """SGD; the input layer learns at `input_rate` times the learning rate."""
    groups: list[dict[str, Any]] = [
        {"params": network[0].parameters(), "lr": input_rate * learning_rate},
        {"params": network[1:].parameters()},
    ]
    return torch.optim.SGD(groups, lr=learning_rate)


def step(
    network: nn.Sequential, optimizer: torch.optim.Optimizer, inputs: Tensor, labels: Tensor
) -> float:
    """One SGD step; gives the batch's mean cross-entropy before it."""
    optimizer.zero_grad(set_to_none=True)
    loss = functional.cross_entropy(network(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


@torch.inference_mode()
def accuracy(network: nn.Sequential, inputs: Tensor, labels: Tensor) -> float:
    """Share of samples whose largest output, the first of several, is the label's."""
    correct = 0
    chunks = zip(inputs.split(EVALUATED_AT_ONCE), labels.split(EVALUATED_AT_ONCE))
    for chunk, labels_of_chunk in chunks:
        largest, predicted = network(chunk).max(dim=1)
        # The maximum of a row with a NaN is NaN, at the NaN's place.
        right = (predicted == labels_of_chunk) & ~largest.isnan()
        correct += int(right.sum())
    return correct / len(labels)
