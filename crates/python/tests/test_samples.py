"""The same samples give the same eta*, however they are written."""

import numpy as np
import pandas
import pytest

import etastar

from conftest import QUICK

WORDS = np.array(["ant", "bee", "cat", "dog"])


def eta_star(x, y, **settings):
    return etastar.find(x, y, **{**QUICK, **settings}).log2_eta_star


@pytest.fixture(scope="module")
def expected(samples):
    value = eta_star(*samples)
    assert value is not None
    return value


@pytest.mark.parametrize("kind", "u1 i1 u2 i2 u4 i4 u8 i8 f2 f4 f8 longdouble >i2 >f4 O".split())
def test_types_of_inputs(samples, expected, kind):
    x, y = samples
    assert eta_star(x.astype(kind), y) == expected


@pytest.mark.parametrize(
    "form",
    [
        lambda x: x.tolist(),
        lambda x: np.asfortranarray(x),
        lambda x: x.reshape(-1, 2, 2, 2),
        lambda x: np.repeat(x, 2, axis=1)[:, ::2],
        lambda x: pandas.DataFrame(x),
        lambda x: memoryview(np.ascontiguousarray(x)),
    ],
    ids=["lists", "fortran", "images", "strided", "pandas", "memoryview"],
)
def test_forms_of_inputs(samples, expected, form):
    x, y = samples
    assert eta_star(form(x), y) == expected


@pytest.mark.parametrize(
    "form",
    [
        lambda y: y.tolist(),
        lambda y: y.astype("i1"),
        lambda y: y.astype("u8"),
        lambda y: y.astype("f2"),
        lambda y: y[:, None],
        lambda y: 10 * y - 7,
        lambda y: WORDS[y],
        lambda y: WORDS[y].tolist(),
        lambda y: WORDS[y][:, None],
        lambda y: WORDS[y].astype("S"),
        lambda y: WORDS[y].astype(object),
        lambda y: y.astype(object),
        lambda y: y.astype(str),
        lambda y: pandas.Series(WORDS[y]),
        lambda y: pandas.Categorical(WORDS[y]),
        lambda y: np.eye(4)[y],
        lambda y: np.eye(4, dtype=bool)[y],
        lambda y: np.eye(4, dtype="u1")[y].tolist(),
    ],
)
def test_labels(samples, expected, form):
    x, y = samples
    assert eta_star(x, form(y)) == expected


def test_truth_values(samples):
    x, y = samples
    assert eta_star(x, y > 1) == eta_star(x, (y > 1).astype(int)) is not None
    expected = eta_star((x > 2).astype(float), y, budget=128)
    assert eta_star(x > 2, y, budget=128) == expected is not None


def test_tensors(samples, expected):
    torch = pytest.importorskip("torch")
    x, y = (torch.from_numpy(array) for array in samples)
    assert eta_star(x, y) == expected
    assert eta_star(x.bfloat16().requires_grad_(), y.float()) == expected


def test_datasets_of_the_catalogue():
    found = etastar.find(dataset="digits", **QUICK)
    assert found.cell.dataset.name == "digits" and found.inputs == 64


@pytest.mark.parametrize(
    "x, y, says",
    [
        (np.ones((9, 2)), np.arange(8), "there are 9 rows of inputs and 8 labels"),
        (np.ones(9), np.arange(9), r"the inputs have shape \[9\], not \[samples, features\]"),
        (np.zeros((0, 2)), [], "there are no samples"),
        ([["a"]] * 9, np.arange(9), "the inputs are texts, not numbers"),
        (np.ones((9, 2), complex), np.arange(9), "elements of type complex128"),
        ([[1, 2], [3]], [0, 1], "this is not an array"),
        (np.full((9, 2), np.nan), np.arange(9), "the input 0 of sample 0 is NaN"),
        (np.eye(9), np.arange(9) + 0.5, "the label of sample 0 is 0.5: labels must be whole"),
        (np.eye(9), np.ones((9, 2)), "the labels have 2 columns, but row 0 is not one-hot"),
        (np.eye(9), ["a"] * 8 + [None], "the label of sample 8 is None, others are texts"),
        (np.eye(9), np.ones(9), "there is only one class"),
        (np.random.default_rng(0).normal(size=(40, 2)), np.arange(40), "too many for classification"),
        (None, None, "give `x` and `y`, or `dataset` instead"),
    ],
)
def test_what_is_wrong_is_named(x, y, says):
    with pytest.raises(etastar.EtastarError, match=says):
        etastar.find(x, y)
