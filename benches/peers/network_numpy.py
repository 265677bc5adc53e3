"""The network in NumPy: everything in buffers that are allocated once.

At the sizes of interest a step takes tens of microseconds to milliseconds, of
which fresh arrays would take a good part. So every operation writes into a
buffer, and where a value is needed no longer the next one takes its place.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy
from numpy.typing import DTypeLike, NDArray

Array = NDArray[Any]

EVALUATED_AT_ONCE = 512
"""Validation samples of a product: their activations stay in the cache."""


class Network:
    """A bias-free ReLU network with the buffers of a step and of an evaluation."""

    def __init__(
        self,
        inputs: int,
        width: int,
        depth: int,
        classes: int,
        batch_size: int,
        dtype: DTypeLike = numpy.float32,
    ) -> None:
        def empty(*shape: int) -> Array:
            return numpy.empty(shape, dtype)

        sizes = [inputs, *[width] * depth, classes]
        self.weights = [empty(*shape) for shape in pairwise(sizes)]
        self.updates = [empty(*shape) for shape in pairwise(sizes)]
        self.activations = [empty(batch_size, width) for _ in range(depth)]
        # Derivatives by the activations of a layer and of the one below it.
        self.deltas = empty(batch_size, width), empty(batch_size, width)
        # Classes before samples: reductions over the few classes then run
        # along whole rows of samples, which takes a third of the time.
        self.logits = empty(classes, batch_size)
        self.flat_logits = self.logits.reshape(-1)
        self.per_sample = empty(batch_size)
        self.of_label = empty(batch_size)
        self.samples = numpy.arange(batch_size)
        self.label_places = numpy.empty(batch_size, numpy.int64)
        self.evaluated = [empty(EVALUATED_AT_ONCE, width) for _ in range(2)]
        self.evaluated_logits = empty(EVALUATED_AT_ONCE, classes)

    def start_from(self, weights: Sequence[Array]) -> None:
        """Takes over these weights, layer by layer."""
        for own, given in zip(self.weights, weights):
            numpy.copyto(own, given)

    def step(self, inputs: Array, labels: Array, learning_rate: float, input_rate: float) -> float:
        """One SGD step; gives the batch's mean cross-entropy before it.

        The input layer learns at `input_rate` times the learning rate.
        """
        below = inputs
        for weights, activations in zip(self.weights, self.activations):
            numpy.dot(below, weights, out=activations)
            below = numpy.maximum(activations, 0.0, out=activations)
        numpy.dot(self.weights[-1].T, below.T, out=self.logits)
        # The derivatives are those of the learning rate times the loss, so
        # that the products with the activations are the updates themselves.
        loss = self._loss_and_its_derivative(labels, learning_rate)
        delta, spare = self.deltas
        numpy.dot(below.T, self.logits.T, out=self.updates[-1])
        numpy.dot(self.logits.T, self.weights[-1].T, out=delta)
        numpy.subtract(self.weights[-1], self.updates[-1], out=self.weights[-1])
        for layer in reversed(range(len(self.activations))):
            # The product that needed the activations is done: they become the
            # derivative of ReLU, 0 or 1.
            activations = self.activations[layer]
            numpy.greater(activations, 0.0, out=activations)
            numpy.multiply(delta, activations, out=delta)
            weights, update = self.weights[layer], self.updates[layer]
            if layer > 0:
                numpy.dot(self.activations[layer - 1].T, delta, out=update)
                numpy.dot(delta, weights.T, out=spare)
                delta, spare = spare, delta
            else:
                numpy.multiply(delta, input_rate, out=delta)
                numpy.dot(inputs.T, delta, out=update)
            numpy.subtract(weights, update, out=weights)
        return loss

    def _loss_and_its_derivative(self, labels: Array, learning_rate: float) -> float:
        """The mean cross-entropy; turns logits into its derivative times the rate."""
        logits, per_sample, places = self.logits, self.per_sample, self.label_places
        batch_size = len(per_sample)
        numpy.multiply(labels, batch_size, out=places)
        numpy.add(places, self.samples, out=places)
        numpy.maximum.reduce(logits, axis=0, out=per_sample)
        numpy.subtract(logits, per_sample, out=logits)
        numpy.take(self.flat_logits, places, out=self.of_label, mode="clip")
        numpy.exp(logits, out=logits)
        sums = numpy.add.reduce(logits, axis=0, out=per_sample)
        rate = learning_rate / batch_size
        numpy.multiply(logits, rate, out=logits)
        numpy.divide(logits, sums, out=logits)
        self.flat_logits[places] -= rate
        numpy.log(sums, out=sums)
        numpy.subtract(sums, self.of_label, out=sums)
        return float(numpy.add.reduce(sums)) / batch_size

    def accuracy(self, inputs: Array, labels: Array) -> float:
        """Share of samples whose largest output, the first of several, is the label's."""
        correct = 0
        for begin in range(0, len(labels), EVALUATED_AT_ONCE):
            below = inputs[begin : begin + EVALUATED_AT_ONCE]
            rows = len(below)
            for layer, weights in enumerate(self.weights[:-1]):
                activations = self.evaluated[layer % 2][:rows]
                numpy.dot(below, weights, out=activations)
                below = numpy.maximum(activations, 0.0, out=activations)
            logits = numpy.dot(below, self.weights[-1], out=self.evaluated_logits[:rows])
            right = logits.argmax(axis=1) == labels[begin : begin + rows]
            # The maximum of a row with a NaN is NaN, at the NaN's place.
            right &= ~numpy.isnan(logits.max(axis=1))
            correct += int(numpy.count_nonzero(right))
        return correct / len(labels)


def versions() -> dict[str, str]:
    """What the times depend on."""
    blas = numpy.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {"numpy": numpy.__version__, "blas": f"{blas['name']} {blas['version']}"}
