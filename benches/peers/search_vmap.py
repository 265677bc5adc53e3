"""eta* by `torch.func`: a whole ladder of rates is trained at once.

`vmap` makes one program of the gradients of many networks, which have the same
initial weights and batches and differ in their rates. That cannot bisect one
rate at a time. Instead it tries all rates that the search may come to: first
the octaves from the start on, then every inner point of the bracket. The search
itself is the same and looks up its outcomes, so it comes to the same answer.

Run it as README.md beside this file says.
"""

from collections.abc import Sequence
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.func import grad_and_value, vmap
from torch.nn import functional

import case
from network_pytorch import use_one_thread, versions

OCTAVES_AT_ONCE = 8
"""Rates of a round as long as there is no bracket."""

EVALUATED_AT_ONCE = 256
"""Validation samples of a forward pass: each has the activations of all networks."""


def outputs(weights: Sequence[Tensor], inputs: Tensor) -> Tensor:
    """Of one network, or of a stack of them by broadcasting."""
    activations = inputs
    for hidden in weights[:-1]:
        activations = torch.relu(activations @ hidden)
    return activations @ weights[-1]


def loss(weights: Sequence[Tensor], inputs: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy of one network."""
    return functional.cross_entropy(outputs(weights, inputs), labels)


gradients_and_losses = vmap(grad_and_value(loss), in_dims=(0, None, None))


class Stack:
    """Networks that started from the same weights, each with its own rate."""

    def __init__(
        self, initial: Sequence[NDArray[Any]], learning_rates: Sequence[float], input_rate: float
    ) -> None:
        count = len(learning_rates)
        self.weights = [torch.from_numpy(layer).repeat(count, 1, 1) for layer in initial]
        dtype = self.weights[0].dtype
        # In double precision until here, as every other peer has them.
        rates = torch.tensor(learning_rates, dtype=torch.float64).view(-1, 1, 1)
        self.input_rates, self.rates = (input_rate * rates).to(dtype), rates.to(dtype)

    def step(self, inputs: Tensor, labels: Tensor) -> list[float]:
        """One SGD step of all; gives their losses before it."""
        gradients, losses = gradients_and_losses(self.weights, inputs, labels)
        for layer, (weights, gradient) in enumerate(zip(self.weights, gradients)):
            rates = self.rates if layer > 0 else self.input_rates
            weights.addcmul_(rates, gradient, value=-1)
        values: list[float] = losses.tolist()
        return values

    def keep(self, rows: Sequence[int]) -> None:
        """Drops all networks but these."""
        index = torch.tensor(rows)
        self.weights = [layer.index_select(0, index) for layer in self.weights]
        self.input_rates = self.input_rates.index_select(0, index)
        self.rates = self.rates.index_select(0, index)

    @torch.inference_mode()
    def accuracies(self, inputs: Tensor, labels: Tensor) -> list[float]:
        """As the accuracy of one network, for each."""
        correct = torch.zeros(len(self.rates), dtype=torch.int64)
        chunks = zip(inputs.split(EVALUATED_AT_ONCE), labels.split(EVALUATED_AT_ONCE))
        for chunk, labels_of_chunk in chunks:
            largest, predicted = outputs(self.weights, chunk).max(dim=2)
            correct += ((predicted == labels_of_chunk) & ~largest.isnan()).sum(dim=1)
        return [count / len(labels) for count in correct.tolist()]


class VmapPeer(case.Peer):
    """Trains ladders of rates."""

    def __init__(self, of: case.Case) -> None:
        super().__init__(of)
        self.train_inputs = torch.from_numpy(of.train_inputs)
        self.train_labels = torch.from_numpy(of.train_labels)
        self.validation_inputs = torch.from_numpy(of.validation_inputs)
        self.validation_labels = torch.from_numpy(of.validation_labels)

    def ahead(self, asked: case.Step | case.Halve) -> list[float]:
        """Some octaves on, or all that halving the bracket may come to."""
        search = self.case.protocol.search
        if isinstance(asked, case.Halve):
            return inner_points(asked, search.tolerance)
        positions = [asked.position]
        while len(positions) < OCTAVES_AT_ONCE:
            onward = case.octave_on(positions[-1], asked.direction, search)
            if onward == positions[-1]:
                break
            positions.append(onward)
        return positions

    def trials(self, repeat: int, learning_rates: Sequence[float]) -> list[case.Trial]:
        """All at once."""
        protocol, start = self.case.protocol, self.case.repeats[repeat]
        trials = [case.Trial(learning_rate) for learning_rate in learning_rates]
        in_stack = trials
        stack = Stack(start.weights, learning_rates, self.case.input_rate)
        for batch in torch.from_numpy(start.batches):
            losses = stack.step(
                self.train_inputs.index_select(0, batch), self.train_labels.index_select(0, batch)
            )
            for trial, loss_before in zip(in_stack, losses):
                # A network whose trial is over stays until half of them are:
                # to move the others takes longer than a few steps with it.
                if trial.outcome is None:
                    trial.stepped(loss_before)
            if any(trial.wants_accuracy(protocol) for trial in in_stack):
                accuracies = stack.accuracies(self.validation_inputs, self.validation_labels)
                for trial, accuracy in zip(in_stack, accuracies):
                    if trial.wants_accuracy(protocol):
                        trial.evaluated(accuracy, protocol)
            going_on = [row for row, trial in enumerate(in_stack) if trial.outcome is None]
            if not going_on:
                break
            if 2 * len(going_on) <= len(in_stack):
                stack.keep(going_on)
                in_stack = [in_stack[row] for row in going_on]
        return trials


def inner_points(bracket: case.Halve, tolerance: float) -> list[float]:
    """Every position that halving may come to, whatever the outcomes, from low to high."""
    if bracket.high - bracket.low <= tolerance:
        return []
    middle = bracket.position
    below = inner_points(case.Halve(bracket.low, middle), tolerance)
    return [*below, middle, *inner_points(case.Halve(middle, bracket.high), tolerance)]


if __name__ == "__main__":
    use_one_thread()
    case.main("vmap", versions(), VmapPeer)
