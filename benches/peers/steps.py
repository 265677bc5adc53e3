"""What the scripts that time one training step have in common.

Both get the same weights and samples, drawn here: He initialisation, uniform
inputs, a learning rate at which nothing blows up, so that every step is typical.
"""

import argparse
import json
import platform
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy
from numpy.typing import NDArray

CLASSES = 10
LEARNING_RATE = 1e-3
BLOCKS = 20
"""So many means are taken, whose median is told."""


@dataclass(frozen=True)
class Shape:
    """A network: inputs, width and number of its hidden layers."""

    inputs: int
    width: int
    depth: int

    @classmethod
    def parse(cls, label: str) -> Self:
        """Of `784->128x4`."""
        match = re.fullmatch(r"(\d+)->(\d+)x(\d+)", label)
        if match is None:
            raise argparse.ArgumentTypeError(f"a shape is like 784->128x4, not {label}")
        return cls(*map(int, match.groups()))

    def __str__(self) -> str:
        return f"{self.inputs}->{self.width}x{self.depth}"


@dataclass(frozen=True)
class Start:
    """What a step begins with."""

    shape: Shape
    weights: list[NDArray[numpy.float32]]
    inputs: NDArray[numpy.float32]
    labels: NDArray[numpy.int64]

    @classmethod
    def draw(cls, shape: Shape, batch_size: int) -> Self:
        """The same for everybody."""
        rng = numpy.random.default_rng(1)
        sizes = [shape.inputs, *[shape.width] * shape.depth, CLASSES]
        weights = [
            (rng.standard_normal(layer) * (2.0 / layer[0]) ** 0.5).astype(numpy.float32)
            for layer in pairwise(sizes)
        ]
        inputs = rng.uniform(-1.0, 1.0, (batch_size, shape.inputs)).astype(numpy.float32)
        return cls(shape, weights, inputs, rng.integers(0, CLASSES, batch_size))


def seconds_of(step: Callable[[], object], seconds: float) -> float:
    """Median over blocks of steps of the mean time of one, in about these seconds.

    A block is long enough that reading the clock does not matter; the median
    leaves out blocks in which the machine did something else.
    """
    clock = time.perf_counter
    warm_up, begun = 0, clock()
    while warm_up < 3 or clock() - begun < 0.1 * seconds:
        step()
        warm_up += 1
    of_a_step = (clock() - begun) / warm_up
    steps = max(1, round(seconds / BLOCKS / of_a_step))
    means: list[float] = []
    for _ in range(BLOCKS):
        begun = clock()
        for _ in range(steps):
            step()
        means.append((clock() - begun) / steps)
    return float(numpy.median(means))


def main(
    name: str, versions: Mapping[str, str], step_of: Callable[[Start], Callable[[], object]]
) -> None:
    """The command line; prints one JSON object."""
    parser = argparse.ArgumentParser(description=f"Times a training step with {name}.")
    parser.add_argument("shapes", nargs="+", type=Shape.parse, help="like 784->128x4")
    parser.add_argument("--batch", type=int, default=128, help="samples of a batch")
    parser.add_argument("--seconds", type=float, default=1.0, help="about as long for each shape")
    arguments = parser.parse_args()
    result = {
        "peer": name,
        "versions": {"python": platform.python_version(), **versions},
        "shapes": {
            str(shape): seconds_of(step_of(Start.draw(shape, arguments.batch)), arguments.seconds)
            for shape in arguments.shapes
        },
    }
    print(json.dumps(result))
