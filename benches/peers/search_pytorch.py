"""eta* by eager PyTorch: one network at a time.

Run it as README.md beside this file says.
"""

from collections.abc import Sequence

import torch

import case
from network_pytorch import (
    accuracy,
    new_network,
    new_optimizer,
    start_from,
    step,
    use_one_thread,
    versions,
)


class PytorchPeer(case.Peer):
    """Trains one network after the other."""

    def __init__(self, of: case.Case) -> None:
        super().__init__(of)
        self.network = new_network(of.train_inputs.shape[1], of.width, of.depth, case.CLASSES)
        # These share the memory of the case's arrays: nothing is copied.
        self.train_inputs = torch.from_numpy(of.train_inputs)
        self.train_labels = torch.from_numpy(of.train_labels)
        self.validation_inputs = torch.from_numpy(of.validation_inputs)
        self.validation_labels = torch.from_numpy(of.validation_labels)

    def trials(self, repeat: int, learning_rates: Sequence[float]) -> list[case.Trial]:
        """One by one."""
        return [self.trial(repeat, learning_rate) for learning_rate in learning_rates]

    def trial(self, repeat: int, learning_rate: float) -> case.Trial:
        """One training from the repeat's initial weights."""
        start = self.case.repeats[repeat]
        batches = torch.from_numpy(start.batches)
        start_from(self.network, start.weights)
        optimizer = new_optimizer(self.network, learning_rate, self.case.input_rate)

        def next_step(steps: int) -> float:
            inputs = self.train_inputs.index_select(0, batches[steps])
            labels = self.train_labels.index_select(0, batches[steps])
            return step(self.network, optimizer, inputs, labels)

        def validation_accuracy() -> float:
            return accuracy(self.network, self.validation_inputs, self.validation_labels)

        return case.run_trial(learning_rate, self.case.protocol, next_step, validation_accuracy)


if __name__ == "__main__":
    use_one_thread()
    case.main("pytorch", versions(), PytorchPeer)
