"""`etastar.predict`, `etastar.fit` and `etastar.bounds` are those of the command line."""

import inspect

import pytest

import etastar


def test_the_published_law(command_line):
    predicted = etastar.predict(depth=8, width=128, input_rate=0.1, inputs=784)
    expected = command_line("predict --depth 8 --width 128 --input-rate 0.1 --inputs 784 --json")
    assert predicted.to_dict() == expected
    low, high = predicted.interval
    assert low < predicted.eta_star < high
    assert repr(predicted).startswith(f"eta* = {predicted.eta_star:.4g} (2^")
    assert len(predicted.to_frame()) == 1


def test_what_speaks_against_a_prediction_is_warned_of(command_line):
    with pytest.warns(etastar.EtastarWarning) as caught:
        predicted = etastar.predict(depth=8, width=16, outputs=3)
    assert len(caught) == len(predicted.warnings) > 0
    assert caught[0].filename == __file__


def test_a_store(command_line, store):
    fits = etastar.fit(store)
    assert fits.to_dict() == command_line(f"fit {store} --json")
    assert len(fits.to_frame()) == len(fits.fits) > 0
    assert repr(fits).count("\n") == len(fits.fits) - 1
    narrower = etastar.fit(str(store), width_over_depth=[4], confidence=0.9)
    arguments = "--width-over-depth 4 --confidence 0.9"
    assert narrower.to_dict() == command_line(f"fit {store} {arguments} --json")
    shape = {"depth": 4, "width": 192, "input_rate": 0.01}
    with pytest.warns(etastar.EtastarWarning, match="outside of the sizes that were fitted"):
        predicted = etastar.predict(**shape, store=store, dataset="digits")
    arguments = "--depth 4 --width 192 --input-rate 0.01 --dataset digits"
    assert predicted.to_dict() == command_line(f"predict {store} {arguments} --json")


def test_bounds(command_line):
    sizes = {"inputs": 784, "depth": 8, "width": 128, "outputs": 10}
    bounds = etastar.bounds(**sizes)
    arguments = "bounds --inputs 784 --depth 8 --width 128 --outputs 10"
    assert bounds.to_dict() == command_line(f"{arguments} --json")
    other = {"loss": "squared-error", "input_rate": 0.1, "output_gain": 1.0, "delta": 0.01}
    arguments += " --loss squared-error --input-rate 0.1 --output-gain 1 --delta 0.01"
    assert etastar.bounds(**sizes, **other).to_dict() == command_line(f"{arguments} --json")
    assert repr(bounds).startswith("E lambda_1(G) <= ") and len(bounds.to_frame()) == 1


@pytest.mark.parametrize(
    "call, says",
    [
        (lambda: etastar.predict(depth=0, width=8), "`depth` must be at least 1"),
        (lambda: etastar.predict(depth=8, width=-8), "`width` is -8, which is out of range"),
        (lambda: etastar.predict(depth=8, width=8, inputs=0), "`inputs` must be at least 1"),
        (lambda: etastar.predict(depth=8, width=10**6), "force"),
        (lambda: etastar.predict(depth=8, width=64, confidence=2.0), "confidence"),
        (lambda: etastar.predict(depth=8, width=64, store="none.db"), "none.db"),
        (lambda: etastar.fit("none.db"), "none.db"),
        (lambda: etastar.bounds(inputs=1, depth=10**6, width=8, outputs=2), "`depth` must be at most"),
        (lambda: etastar.bounds(inputs=1, depth=2, width=8, outputs=2, delta=2.0), "delta"),
    ],
)
def test_what_is_wrong_is_named(call, says):
    with pytest.raises(etastar.EtastarError, match=says):
        call()


def test_everything_public_says_what_it_is():
    for name in etastar.__all__:
        assert name == "__version__" or inspect.getdoc(getattr(etastar, name)), name
    assert etastar.__version__.count(".") == 2
