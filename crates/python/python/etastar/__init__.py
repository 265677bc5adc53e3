"""The maximal initial learning rate eta* of deep networks: the largest constant learning rate at which
a randomly initialised ReLU network begins training and reaches a threshold accuracy.

    found = etastar.find(x, y, hidden=[128] * 8)
    found.eta_star, found.interval

Arguments, defaults and results are those of the command line `etastar`; a result has the fields of its
`--json` as attributes. Long calls show their progress if tqdm is installed, let other threads run, and
stop at Ctrl-C.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal, Optional, Union

from . import _arrays, _etastar
from ._etastar import EtastarError, __version__
from ._progress import EtastarWarning, Screen
from ._results import Bounds, Fits, Found, Prediction, Record, Result, Sharpness

__all__ = [
    "Bounds",
    "EtastarError",
    "EtastarWarning",
    "Fits",
    "Found",
    "Prediction",
    "Record",
    "Result",
    "Sharpness",
    "__version__",
    "bounds",
    "find",
    "fit",
    "predict",
    "sharpness",
    "sharpness_at_initialisation",
]

Loss = Literal["cross-entropy", "squared-error"]
Standardise = Literal["all", "feature", "none"]
Residual = Literal["none", "one", "inverse-root-depth", "inverse-depth"]
Norm = Literal["none", "layer", "layer-with-gain"]
Parametrisation = Literal["standard", "ntk", "maximal-update"]
Optimiser = Literal["sgd", "momentum", "nesterov", "adam", "adamw"]
Path = Union[str, "os.PathLike[str]"]


def find(
    x: Any = None,
    y: Any = None,
    hidden: Sequence[int] = (128,) * 4,
    *,
    input_rate: float = 1.0,
    bias: bool = False,
    output_gain: float = 2.0,
    layer_rates: Optional[Sequence[float]] = None,
    activation: str = "relu",
    residual: Residual = "none",
    residual_block: int = 1,
    norm: Norm = "none",
    parametrisation: Parametrisation = "standard",
    loss: Optional[Loss] = None,
    regression: bool = False,
    threshold: Optional[float] = None,
    no_divergence: bool = False,
    budget: int = 128,
    evaluate_every: int = 16,
    batch_size: int = 128,
    warm_up: int = 0,
    optimiser: Optimiser = "sgd",
    momentum: float = 0.9,
    beta2: float = 0.999,
    weight_decay: float = 0.0,
    clip: float = 0.0,
    train: Optional[int] = None,
    validation: Optional[int] = None,
    standardise: Standardise = "all",
    repeats: int = 5,
    seed: int = 1,
    tolerance: float = 0.125,
    start: Optional[float] = None,
    warm_start: Optional[Path] = None,
    lowest: float = -20.0,
    highest: float = 10.0,
    ladder: Sequence[float] = (),
    name: str = "samples",
    dataset: Optional[str] = None,
    data_dir: Optional[Path] = None,
    store: Optional[Path] = None,
    backend: Optional[str] = None,
    jobs: Optional[int] = None,
    progress: bool = True,
) -> Found:
    """Measures eta* of a network on samples: the largest constant learning rate at which it trains.

    If no rate succeeds, or none fails, that is a result as well: `eta_star` is then None.

    x: inputs `[samples, ...]` of any real, integer or boolean type: NumPy, pandas, PyTorch, lists.
    y: labels: whole numbers, truth values, texts, or one-hot rows; their values, in ascending order, are
        the classes.
    hidden: widths of the hidden layers, from the input side.
    input_rate: learning rate of the input layer relative to the others; 0 freezes it.
    layer_rates: relative rates of all layers instead, from the input side; the output layer's is last.
    bias: whether the layers have biases.
    output_gain: output-layer variance times fan-in: 2 (He) or 1 (LeCun).
    activation: "relu", "leaky-relu:SLOPE", "gelu", "silu", "tanh", "softplus" or "identity".
    residual: scale of residual blocks, "one", "inverse-root-depth" or "inverse-depth"; or "none".
    residual_block: hidden layers of a residual block, 1 or 2.
    norm: "layer" normalises the inputs of all layers but the first, "layer-with-gain" does so with a
        trained gain; or "none".
    parametrisation: "standard", "ntk" or "maximal-update".
    loss: "cross-entropy" or "squared-error"; None is cross-entropy for classes and squared error for
        real targets.
    regression: y are real targets, `[samples]` or `[samples, outputs]`, which are standardised.
    threshold: validation accuracy at which a trial succeeds; None is twice that of guessing or, with
        few classes, halfway from guessing to 1. For a regression it is R^2, and None is 0.5.
    no_divergence: look for the edge of the first divergence instead: a trial succeeds if no training
        loss exceeds 3 times the first one.
    budget: SGD steps within which a trial must succeed.
    evaluate_every: steps between evaluations of the validation accuracy.
    batch_size: samples per mini-batch.
    warm_up: steps over which the learning rate grows linearly to its full value.
    optimiser: "sgd", "momentum", "nesterov", "adam" or "adamw".
    momentum, beta2: constants of the optimiser; momentum is beta_1 of Adam.
    weight_decay: this multiple of the weights is added to the gradient; decoupled for "adamw".
    clip: norm to which the gradient is clipped; 0 for no clipping.
    train, validation: numbers of samples; None is all, of which a sixth is held out for validation.
    standardise: mean 0 and variance 1 for "all" inputs together, for each "feature", or "none".
    repeats: number of searches, which differ in initial weights and batch order.
    seed: master seed, from which every random number is derived.
    tolerance: width of the final bracket, in octaves.
    start: log2 of the first learning rate tried; None is what the published law predicts, or else the
        tangent kernel.
    warm_start: start at the eta* that is predicted from this store of a sweep.
    lowest, highest: log2 of the lowest and of the highest learning rate tried.
    ladder: extra rates tried around eta*, as offsets in octaves.
    name: what the data are called. Split and batch orders are drawn for this name: arrays called
        "mine" give the numbers of `etastar find --data mine.npz`.
    dataset: a dataset of the catalogue instead of x and y: "digits", "fashion-mnist-mini",
        "gaussians", "mnist", "fashion-mnist", "cifar10".
    data_dir: folder with dataset files; None is $ETASTAR_DATA, then the user's cache folder.
    store: file in which everything is kept; the same call resumes from it.
    backend: Burn backend and device; None is the first that is compiled in.
    jobs: number of threads, on which results do not depend; None is the number of cores.
    progress: show a bar of tqdm, if it is installed.
    """
    settings = _arrays.settings(locals())
    with Screen(progress, "eta*") as screen:
        json, words, svg, html = _etastar.find(settings, screen)
    return Found(json, words, svg=svg, html=html)


def sharpness(
    weights: Union[Path, Mapping[str, Any]],
    x: Any,
    y: Any,
    *,
    loss: Optional[Loss] = None,
    regression: bool = False,
    input_rate: float = 1.0,
    bounds: bool = True,
    optimiser: Optimiser = "sgd",
    momentum: float = 0.9,
    batch_size: int = 128,
    layers: Optional[Sequence[str]] = None,
    layout: Optional[Literal["out-in", "in-out"]] = None,
    ignore: bool = False,
    name: str = "samples",
    backend: Optional[str] = None,
    jobs: Optional[int] = None,
) -> Sharpness:
    """Measures lambda_1, the top eigenvalue of the Hessian, of a network with given weights.

    weights: arrays by name, `NAME.weight` and, where there are biases, `NAME.bias`: a PyTorch
        `state_dict` of linear layers with ReLU between them; or a safetensors file.
    x, y: samples in the form that `find` takes; nothing is standardised, and labels are the numbers of
        the network's outputs.
    loss, regression: as in `find`.
    input_rate: learning rate of the input layer relative to the others; 0 leaves its parameters out.
    bounds: compute certified bounds, which take most of the time in wide deep networks.
    optimiser, momentum: whose stability lambda_1 governs; under Adam it is that of the Hessian
        preconditioned by the second moment of the gradients of mini-batches of `batch_size`.
    layers: names of the layers in order; None orders them by the numbers in their names.
    layout: "out-in", as matrices are in PyTorch, or "in-out"; None finds it from their shapes.
    ignore: leave out tensors that are not part of a fully connected network.
    name: what the samples are called in messages.
    backend, jobs: as in `find`.
    """
    settings = _arrays.settings(locals())
    settings["weights"] = _arrays.weights(weights)
    with Screen(False, "lambda_1") as screen:
        return Sharpness(_etastar.sharpness(settings, screen))


def sharpness_at_initialisation(
    x: Any = None,
    y: Any = None,
    hidden: Sequence[int] = (128,) * 4,
    *,
    input_rate: float = 1.0,
    bias: bool = False,
    output_gain: float = 2.0,
    layer_rates: Optional[Sequence[float]] = None,
    activation: str = "relu",
    residual: Residual = "none",
    residual_block: int = 1,
    norm: Norm = "none",
    parametrisation: Parametrisation = "standard",
    loss: Optional[Loss] = None,
    regression: bool = False,
    samples: int = 512,
    bounds: bool = True,
    optimiser: Optimiser = "sgd",
    momentum: float = 0.9,
    batch_size: int = 128,
    train: Optional[int] = None,
    validation: Optional[int] = None,
    standardise: Standardise = "all",
    repeats: int = 1,
    seed: int = 1,
    name: str = "samples",
    dataset: Optional[str] = None,
    data_dir: Optional[Path] = None,
    backend: Optional[str] = None,
    jobs: Optional[int] = None,
    progress: bool = True,
) -> Sharpness:
    """Measures lambda_1 of random networks, brackets it between certified bounds, and predicts it.

    samples: training samples over which the loss is averaged, the first ones.
    bounds: compute certified bounds, which take most of the time in wide deep networks.
    optimiser, momentum: whose stability lambda_1 governs; under Adam it is that of the Hessian
        preconditioned by the second moment of the gradients of mini-batches of `batch_size`.
    repeats: networks, each with its own initial weights.

    Everything else is as in `find`.
    """
    settings = _arrays.settings(locals())
    with Screen(progress, "lambda_1") as screen:
        return Sharpness(_etastar.sharpness_at_initialisation(settings, screen))


def predict(
    *,
    depth: int,
    width: int,
    inputs: Optional[int] = None,
    outputs: int = 10,
    input_rate: float = 1.0,
    loss: Loss = "cross-entropy",
    store: Optional[Path] = None,
    dataset: Optional[str] = None,
    width_over_depth: float = 8.0,
    confidence: float = 0.95,
    law: Optional[str] = None,
    force: bool = False,
) -> Prediction:
    """Predicts eta* of a network without training it, from published measurements or from a store.

    depth, width: number and width of the hidden layers.
    inputs: number of input features; None is that of the measured networks, 784 without a store.
    outputs: number of outputs.
    input_rate: learning rate of the input layer relative to the others.
    loss: without a store, "cross-entropy" or "squared-error".
    store: store of a sweep; None is published measurements.
    dataset: dataset, or the name under which `fit` lists it; None is the store's only one.
    width_over_depth: fit only cells with width >= this * depth, if there are enough of them.
    confidence: of the intervals.
    law: with a store, the law that predicts, for example "three-quarters"; None is the one that
        predicts larger networks best.
    force: predict even if the network is far from those measured.
    """
    settings = dict(locals())
    with Screen(False, "") as screen:
        json, warnings = _etastar.predict(settings, screen)
        for warning in warnings:
            screen.warn(warning)
    return Prediction(json)


def fit(
    store: Path,
    *,
    width_over_depth: Optional[Sequence[float]] = None,
    confidence: float = 0.95,
) -> Fits:
    """Fits power laws to the eta* of a store, with intervals.

    store: store of a sweep.
    width_over_depth: use only cells with width >= this * depth; None is 0, 2, 4, 8 and 16.
    confidence: of the intervals.
    """
    settings = dict(locals())
    with Screen(False, "") as screen:
        return Fits(_etastar.fit(settings, screen))


def bounds(
    *,
    inputs: int,
    depth: int,
    width: int,
    outputs: int,
    loss: Loss = "cross-entropy",
    input_rate: float = 1.0,
    output_gain: float = 2.0,
    delta: float = 0.05,
) -> Bounds:
    """Bounds lambda_1 over all initialisations by theory alone, without a network or data.

    inputs, depth, width, outputs: sizes of a network without biases.
    loss: "cross-entropy" or "squared-error".
    input_rate: learning rate of the input layer relative to the others.
    output_gain: output-layer variance times fan-in: 2 (He) or 1 (LeCun).
    delta: probability with which the Markov and Chebyshev bounds may fail.
    """
    return Bounds(_etastar.bounds(dict(locals())))
