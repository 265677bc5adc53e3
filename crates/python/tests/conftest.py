"""Samples that the tests share, and the command line that they compare with."""

import json
import os
import shlex
import subprocess

import numpy as np
import pytest

#: A search that takes milliseconds.
QUICK = {"hidden": [16, 16], "budget": 32, "repeats": 2, "progress": False}


@pytest.fixture(scope="session")
def samples():
    """600 samples of 8 small whole numbers, which every type holds, in 4 classes."""
    random = np.random.default_rng(1)
    y = random.integers(0, 4, size=600)
    x = random.integers(0, 6, size=(600, 8))
    x[np.arange(600), y] += 6
    return x, y


@pytest.fixture(scope="session")
def command_line():
    """Runs the program that ETASTAR_PROGRAM names; gives the JSON that it prints."""
    program = os.environ.get("ETASTAR_PROGRAM")
    if program is None:
        pytest.skip("ETASTAR_PROGRAM names no program; `cargo xtask python` sets it")

    def run(arguments, check=True):
        words = [program, *shlex.split(arguments)]
        done = subprocess.run(words, capture_output=True, text=True, check=check)
        return json.loads(done.stdout) if check else done

    return run


@pytest.fixture(scope="session")
def store(command_line, tmp_path_factory):
    """The store of a small sweep."""
    path = tmp_path_factory.mktemp("sweep") / "small.db"
    experiment = os.path.join(os.path.dirname(__file__), "../../etastar/examples/small.toml")
    done = command_line(f"sweep {experiment} --output {path}", check=False)
    assert done.returncode == 0, done.stderr
    return path
