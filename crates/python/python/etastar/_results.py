"""Results: the fields of the command line's `--json`, as attributes."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any, Optional, Union

from ._etastar import EtastarError


class Record(dict[str, Any]):
    """Fields of a result, as attributes or by their names."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"{type(self).__name__} has no field `{name}`") from None

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self]


class Result(Record):
    """A result of etastar."""

    _words: str
    _pictures: dict[str, str]

    def __init__(self, text: str, words: str = "", **pictures: str) -> None:
        super().__init__(json.loads(text, object_hook=Record))
        self.__dict__.update(_words=words, _pictures=pictures)

    def to_dict(self) -> dict[str, Any]:
        """What the command line prints with `--json`."""
        fields: dict[str, Any] = json.loads(json.dumps(self))
        return fields

    def to_frame(self) -> Any:
        """A pandas DataFrame; the docstring of the class says what a row is."""
        import pandas

        return pandas.json_normalize(self._rows(), sep="_")

    def _rows(self) -> list[Any]:
        return [self.to_dict()]

    def __repr__(self) -> str:
        return self._words

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(repr(self))}</pre>"


class Found(Result):
    """What `find` found; a row of the frame is a trial."""

    eta_star: Optional[float]
    log2_eta_star: Optional[float]
    interval: Optional[list[Optional[float]]]
    confidence: float
    fastest_rate: Optional[Record]
    found: int
    repeats: list[Record]
    trials: int
    seconds: float

    def _rows(self) -> list[Any]:
        return [{"repeat": one.repeat, **trial} for one in self.repeats for trial in one.tried]

    def plot(self, path: Union[str, Path]) -> None:
        """Plots the outcome of every learning rate: accuracy as .svg, accuracy and loss as .html."""
        picture = self._pictures.get(Path(path).suffix[1:])
        if picture is None:
            raise EtastarError("its name must end in .svg or .html")
        Path(path).write_text(picture, encoding="utf-8")

    def _repr_html_(self) -> str:
        return super()._repr_html_() + self._pictures["svg"]


class Sharpness(Result):
    """The sharpness of networks; a row of the frame is a network."""

    lambda_1: Record
    stability_limit: float
    repeats: list[Record]

    def _rows(self) -> list[Any]:
        return self.repeats

    def __repr__(self) -> str:
        networks = f"{len(self.repeats)} network{'s'[: len(self.repeats) > 1]}"
        text = f"lambda_1 = {self.lambda_1.mean:.6g}, stable up to {self.stability_limit:.6g}"
        return f"{text} ({networks})"


class Prediction(Result):
    """A predicted eta*; `interval` is that of one network; the frame has one row."""

    eta_star: float
    log2_eta_star: float
    interval: list[float]
    warnings: list[str]

    def __repr__(self) -> str:
        low, high = self.interval
        return (
            f"eta* = {self.eta_star:.4g} (2^{self.log2_eta_star:.3f}), predicted; one network "
            f"{low:.4g} to {high:.4g} with {100 * self.confidence:g} % confidence\n"
            f"depth {self.depth} (hidden layers), width {self.width} on {self.dataset}, "
            f"input-layer rate {self.input_rate:g}"
        )


class Fits(Result):
    """Laws fitted to a store; a row of the frame is a law."""

    fits: list[Record]

    def _rows(self) -> list[Any]:
        return self.fits

    def __repr__(self) -> str:
        laws = (
            f"{one.law} on {one.series}, width >= {one.width_over_depth:g} x depth: exponents "
            + ", ".join(f"{exponent.value:.3f}" for exponent in one.exponents)
            for one in self.fits
        )
        return "\n".join(laws) or "no law could be fitted"


class Bounds(Result):
    """Bounds on lambda_1 by theory; the frame has one row."""

    gauss_newton: Record
    hessian: Record

    def __repr__(self) -> str:
        return (
            f"E lambda_1(G) <= {self.gauss_newton.sharper.upper_expectation:.6g}, "
            f"E lambda_1(H) <= {self.hessian.sharper.upper_expectation:.6g}"
        )
