"""What the peers that search for eta* have in common.

A case is a folder with everything that the answer depends on: samples, initial
weights, the order of the batches, the protocol. Whoever reads it carries out
the same trials, so that only the speed is left to compare. Here are the case,
the rule of a trial, the search, the check against the trials that etastar
found, and the command line. How networks are trained is up to each peer.
"""

import argparse
import json
import math
import platform
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy
from numpy.typing import NDArray

Outcome = Literal["success", "non-finite", "exhausted"]

CLASSES = 10
"""Outputs of every network."""


def accuracy_margin(samples: int) -> float:
    """By how much accuracies on so many samples may differ where training is far from unstable: by
    the standard error of an accuracy of a half."""
    return 0.5 / math.sqrt(samples)


OUTCOME_MARGIN = 0.2
"""Share of trials whose outcome may differ: at the edge, rounding decides."""


@dataclass(frozen=True)
class Octaves:
    """The search's constants, all in log2 of the learning rate."""

    start: float
    lowest: float
    highest: float
    tolerance: float


@dataclass(frozen=True)
class Protocol:
    """When a trial succeeds, and which rates are tried."""

    batch_size: int
    budget: int
    evaluate_every: int
    threshold: float
    search: Octaves

    def evaluates_after(self, steps: int) -> bool:
        """Whether the validation accuracy is looked at after this many steps."""
        return steps % self.evaluate_every == 0 or steps == self.budget


@dataclass
class Trial:
    """A training at one learning rate; the outcome is None while it is under way."""

    learning_rate: float
    outcome: Outcome | None = None
    steps: int = 0
    curve: list[tuple[int, float]] = field(default_factory=list)

    def stepped(self, loss: float) -> None:
        """Takes note of a step and the loss before it."""
        self.steps += 1
        if not math.isfinite(loss):
            self.outcome = "non-finite"

    def wants_accuracy(self, protocol: Protocol) -> bool:
        """Whether the validation accuracy decides something now."""
        return self.outcome is None and protocol.evaluates_after(self.steps)

    def evaluated(self, accuracy: float, protocol: Protocol) -> None:
        """Takes note of the validation accuracy after the last step."""
        self.curve.append((self.steps, accuracy))
        if accuracy >= protocol.threshold:
            self.outcome = "success"
        elif self.steps == protocol.budget:
            self.outcome = "exhausted"

    def as_json(self) -> dict[str, Any]:
        """As it stands in results."""
        return {
            "learning_rate": self.learning_rate,
            "outcome": self.outcome,
            "steps": self.steps,
            "curve": [{"step": step, "accuracy": accuracy} for step, accuracy in self.curve],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Trial":
        """As it stands in a case; what else is known of the trial is left out."""
        curve = [(point["step"], point["accuracy"]) for point in value["curve"]]
        return cls(value["learning_rate"], value["outcome"], value["steps"], curve)


@dataclass(frozen=True)
class Repeat:
    """Initial weights, each [inputs, outputs], and the samples of each step's batch."""

    weights: list[NDArray[numpy.floating]]
    batches: NDArray[numpy.int64]


@dataclass(frozen=True)
class Expected:
    """What etastar found in a repeat."""

    repeat: int
    eta_star: float | None
    trials: list[Trial]


@dataclass(frozen=True)
class Case:
    """One architecture on one dataset, with all that its eta* depends on."""

    width: int
    depth: int
    input_rate: float
    protocol: Protocol
    train_inputs: NDArray[numpy.floating]
    train_labels: NDArray[numpy.int64]
    validation_inputs: NDArray[numpy.floating]
    validation_labels: NDArray[numpy.int64]
    repeats: list[Repeat]
    expected: list[Expected]

    @classmethod
    def load(cls, folder: Path) -> "Case":
        """Reads `case.json` and `case.npz`."""
        description = json.loads((folder / "case.json").read_text())
        rules = dict(description["protocol"])
        search = dict(rules.pop("search"))
        if (method := search.pop("method")) != "octaves":
            raise ValueError(f"the search's method must be octaves, not {method}")
        with numpy.load(folder / "case.npz") as arrays:

            def read(name: str, dtype: type) -> NDArray[Any]:
                return numpy.ascontiguousarray(arrays[name], dtype)

            layers = range(description["depth"] + 1)
            repeats = [
                Repeat(
                    [read(f"weights_{repeat}_{layer}", numpy.float32) for layer in layers],
                    read(f"batches_{repeat}", numpy.int64),
                )
                for repeat in range(description["repeats"])
            ]
            return cls(
                width=description["width"],
                depth=description["depth"],
                input_rate=description["input_rate"],
                protocol=Protocol(**rules, search=Octaves(**search)),
                train_inputs=read("train_inputs", numpy.float32),
                train_labels=read("train_labels", numpy.int64),
                validation_inputs=read("validation_inputs", numpy.float32),
                validation_labels=read("validation_labels", numpy.int64),
                repeats=repeats,
                expected=[
                    Expected(
                        one["repeat"],
                        one["eta_star"],
                        [Trial.from_json(trial) for trial in one["trials"]],
                    )
                    for one in description.get("expected", [])
                ],
            )


@dataclass(frozen=True)
class Step:
    """The search asks for this position, and then goes on by octaves this way."""

    position: float
    direction: float


@dataclass(frozen=True)
class Halve:
    """The search asks for the middle between a success and a failure."""

    low: float
    high: float

    @property
    def position(self) -> float:
        """The middle, on the scale of log2."""
        return 0.5 * (self.low + self.high)


@dataclass(frozen=True)
class Found:
    """The answer: the last success and the failure above it, None if there are none."""

    eta_star: float | None
    upper: float | None


def octave_on(position: float, direction: float, search: Octaves) -> float:
    """The next position by octaves: the same one at the end of the range."""
    return min(max(position + direction, search.lowest), search.highest)


def plan(search: Octaves, tried: Mapping[float, bool]) -> Step | Halve | Found:
    """What a search does after `tried`: positions and whether they succeeded.

    It is a function of what was tried alone. So one who tries many rates at
    once, among them more than are asked for, comes to the same answer.
    """
    start_succeeds = tried.get(search.start)
    if start_succeeds is None:
        return Step(search.start, -1.0)
    direction = 1.0 if start_succeeds else -1.0
    inner = search.start
    while (outer := octave_on(inner, direction, search)) != inner:
        succeeds = tried.get(outer)
        if succeeds is None:
            return Step(outer, direction)
        if succeeds != start_succeeds:
            return bisect(min(inner, outer), max(inner, outer), search.tolerance, tried)
        inner = outer
    return Found(None, None)


def bisect(low: float, high: float, tolerance: float, tried: Mapping[float, bool]) -> Halve | Found:
    """Halves the bracket as far as the outcomes are known."""
    while high - low > tolerance:
        asked = Halve(low, high)
        succeeds = tried.get(asked.position)
        if succeeds is None:
            return asked
        if succeeds:
            low = asked.position
        else:
            high = asked.position
    return Found(math.exp2(low), math.exp2(high))


class Peer(ABC):
    """One way to train the networks of a case."""

    def __init__(self, case: Case) -> None:
        self.case = case

    @abstractmethod
    def trials(self, repeat: int, learning_rates: Sequence[float]) -> list[Trial]:
        """Carries out trials to their ends, one at each rate, in this order."""

    def ahead(self, asked: Step | Halve) -> list[float]:
        """The positions to try now, the one asked for among them."""
        return [asked.position]

    def search(self, repeat: int) -> tuple[Found, list[Trial]]:
        """The answer of a repeat and every trial it took."""
        tried: dict[float, bool] = {}
        trials: list[Trial] = []
        while True:
            asked = plan(self.case.protocol.search, tried)
            if isinstance(asked, Found):
                return asked, trials
            positions = self.ahead(asked)
            done = self.trials(repeat, [math.exp2(position) for position in positions])
            tried |= {
                position: trial.outcome == "success" for position, trial in zip(positions, done)
            }
            trials += done


def run_trial(
    learning_rate: float,
    protocol: Protocol,
    step: Callable[[int], float],
    accuracy: Callable[[], float],
) -> Trial:
    """Carries out one trial; `step` gets the number of steps before it."""
    trial = Trial(learning_rate)
    while trial.outcome is None:
        trial.stepped(step(trial.steps))
        if trial.wants_accuracy(protocol):
            trial.evaluated(accuracy(), protocol)
    return trial


def largest_difference(one: Trial, other: Trial) -> float:
    """Between two accuracy curves, as far as both go."""
    if bool(one.curve) != bool(other.curve):
        return math.inf
    both = zip(one.curve, other.curve)
    return max((abs(mine - theirs) for (_, mine), (_, theirs) in both), default=0.0)


def check(case: Case, peer: Peer) -> bool:
    """Repeats the expected trials and tells on stderr how they compare."""
    agrees, compared, flipped = True, 0, 0
    margin = accuracy_margin(len(case.validation_labels))
    for expected in case.expected:
        rates = [trial.learning_rate for trial in expected.trials]
        pairs = list(zip(expected.trials, peer.trials(expected.repeat, rates)))
        # Without an eta* there is no telling which rates are far below it.
        far_below = 0.0 if expected.eta_star is None else expected.eta_star / 4
        stable = [largest_difference(*pair) for pair in pairs if pair[0].learning_rate <= far_below]
        everywhere = max((largest_difference(*pair) for pair in pairs), default=0.0)
        differ = sum(one.outcome != other.outcome for one, other in pairs)
        decided = sum(
            (one.outcome == "success") != (other.outcome == "success") for one, other in pairs
        )
        compared, flipped = compared + len(pairs), flipped + differ
        agrees = agrees and max(stable, default=0.0) <= margin
        largest = f"{max(stable):.4f}" if stable else "none to compare"
        print(
            f"repeat {expected.repeat}: {len(pairs)} trials, largest difference of accuracy "
            f"{largest} over the {len(stable)} at most eta*/4, {everywhere:.4f} over all, "
            f"outcome differs in {differ}, {decided} of them between success and failure",
            file=sys.stderr,
        )
    if flipped > OUTCOME_MARGIN * compared:
        print(f"the outcome differs in {flipped} of {compared} trials", file=sys.stderr)
        agrees = False
    return agrees


def main(name: str, versions: Mapping[str, str], peer_of: Callable[[Case], Peer]) -> None:
    """The command line of a peer; prints one JSON object."""
    parser = argparse.ArgumentParser(description=f"Searches for eta* with {name}.")
    parser.add_argument("case", type=Path, help="folder with case.json and case.npz")
    parser.add_argument("--runs", type=int, default=1, help="counted runs of the whole search")
    parser.add_argument("--warm-up", type=int, default=1, help="runs before them")
    parser.add_argument(
        "--check", action="store_true", help="repeat the case's expected trials first"
    )
    arguments = parser.parse_args()
    case = Case.load(arguments.case)
    agrees = True
    if arguments.check:
        if not case.expected:
            parser.error("the case expects no trials that could be checked")
        agrees = check(case, peer_of(case))
    seconds: list[float] = []
    found: list[tuple[Found, list[Trial]]] = []
    for run in range(arguments.warm_up + arguments.runs):
        begun = time.perf_counter()
        # Made anew each time: the buffers that it allocates are part of a search.
        peer = peer_of(case)
        found = [peer.search(repeat) for repeat in range(len(case.repeats))]
        if run >= arguments.warm_up:
            seconds.append(time.perf_counter() - begun)
    trials = [trial for _, of_repeat in found for trial in of_repeat]
    result = {
        "peer": name,
        "versions": {"python": platform.python_version(), **versions},
        "agrees": agrees,
        "seconds": seconds,
        "eta_star": [answer.eta_star for answer, _ in found],
        "repeats": [
            {
                "repeat": repeat,
                "eta_star": answer.eta_star,
                "trials": [trial.as_json() for trial in of_repeat],
            }
            for repeat, (answer, of_repeat) in enumerate(found)
        ],
        "steps": sum(trial.steps for trial in trials),
        "trials": len(trials),
    }
    print(json.dumps(result))
    # Times that were asked for are worth keeping, with what the check said beside them.
    if not agrees and arguments.runs == 0:
        sys.exit(1)
