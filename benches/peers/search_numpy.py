"""eta* by a careful NumPy script: one network at a time, preallocated buffers.

Run it as README.md beside this file says.
"""

import os

# Before NumPy is imported: its BLAS counts the cores then.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from collections.abc import Sequence

import numpy

import case
from network_numpy import Network, versions


class NumpyPeer(case.Peer):
    """Trains one network after the other in the same buffers."""

    def __init__(self, of: case.Case) -> None:
        super().__init__(of)
        inputs, dtype = of.train_inputs.shape[1], of.train_inputs.dtype
        batch_size = of.protocol.batch_size
        self.network = Network(inputs, of.width, of.depth, case.CLASSES, batch_size, dtype)
        self.inputs = numpy.empty((batch_size, inputs), dtype)
        self.labels = numpy.empty(batch_size, numpy.int64)

    def trials(self, repeat: int, learning_rates: Sequence[float]) -> list[case.Trial]:
        """One by one."""
        # What overflows is found by looking at the loss.
        with numpy.errstate(all="ignore"):
            return [self.trial(repeat, learning_rate) for learning_rate in learning_rates]

    def trial(self, repeat: int, learning_rate: float) -> case.Trial:
        """One training from the repeat's initial weights."""
        of, network = self.case, self.network
        start = of.repeats[repeat]
        network.start_from(start.weights)

        def step(steps: int) -> float:
            batch = start.batches[steps]
            # Clipping, because checked indices are gathered into a copy first.
            numpy.take(of.train_inputs, batch, axis=0, out=self.inputs, mode="clip")
            numpy.take(of.train_labels, batch, out=self.labels, mode="clip")
            return network.step(self.inputs, self.labels, learning_rate, of.input_rate)

        def accuracy() -> float:
            return network.accuracy(of.validation_inputs, of.validation_labels)

        return case.run_trial(learning_rate, of.protocol, step, accuracy)


if __name__ == "__main__":
    case.main("numpy", versions(), NumpyPeer)
