"""What a call shows while it goes on."""

from __future__ import annotations

import warnings
from typing import Any


class EtastarWarning(UserWarning):
    """Something that does not prevent a result, but that its reader should know."""


class Screen:
    """A bar of tqdm, where there is tqdm, and Python's warnings."""

    def __init__(self, progress: bool, name: str) -> None:
        self._name = name
        self._bar: Any = None
        self._tqdm: Any = None
        if progress:
            try:
                from tqdm.auto import tqdm
            except ImportError:
                return
            self._tqdm = tqdm

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def begin(self, repeats: int, known: int) -> None:
        """So many repeats are measured, of which so many are known."""
        if self._tqdm is not None:
            self._bar = self._tqdm(
                total=repeats, initial=known, desc=self._name, unit="repeat", leave=False
            )

    def trial(self, text: str) -> None:
        """A trial has ended."""
        if self._bar is not None:
            self._bar.set_postfix_str(text)

    def repeat(self) -> None:
        """A repeat has ended."""
        if self._bar is not None:
            self._bar.update()

    def warn(self, text: str) -> None:
        """Warns the user, in the line that called this package."""
        warnings.warn(text, EtastarWarning, stacklevel=3)
