"""`etastar.find`: what it gives, and that it is what the command line gives."""

import copy
import json
import pickle
import warnings

import numpy as np
import pytest

import etastar

from conftest import QUICK


@pytest.fixture(scope="module")
def found(samples):
    return etastar.find(*samples, **QUICK)


#: Of a result, what tells the program that was run and the place of the data.
def result(fields):
    fields = copy.deepcopy(fields)
    for own in ("seconds", "manifest"):
        del fields[own]
    fields["cell"]["dataset"]["file"].pop("path", None)
    return fields


@pytest.mark.parametrize(
    "settings, arguments",
    [
        ({}, ""),
        ({"input_rate": 0.1, "bias": True, "seed": 7}, "--input-rate 0.1 --bias --seed 7"),
        ({"loss": "squared-error", "threshold": 0.6}, "--loss squared-error --threshold 0.6"),
        ({"no_divergence": True, "output_gain": 1.0}, "--no-divergence --output-gain 1"),
        ({"start": 3, "ladder": [-1, 1]}, "--start 3 --ladder=-1,1"),
        ({"lowest": -9, "highest": 3, "tolerance": 0.5}, "--lowest -9 --highest 3 --tolerance 0.5"),
        ({"batch_size": 20, "evaluate_every": 3}, "--batch 20 --evaluate-every 3"),
        ({"train": 300, "validation": 90}, "--train 300 --validation 90"),
        ({"standardise": "feature", "jobs": 1}, "--standardise feature --jobs 1"),
        ({"standardise": "none"}, "--standardise none"),
    ],
)
def test_the_command_line_gives_the_same(command_line, samples, tmp_path, settings, arguments):
    x, y = samples
    x = x + np.random.default_rng(2).normal(size=x.shape)
    np.savez(tmp_path / "mine.npz", x=x, y=y)
    found = etastar.find(x, y, name="mine", **QUICK, **settings)
    quick = "--hidden 16,16 --budget 32 --repeats 2 --json"
    expected = command_line(f"find --data {tmp_path}/mine.npz {quick} {arguments}")
    assert found.eta_star == expected["eta_star"] is not None
    assert result(found.to_dict()) == result(expected)


def test_defaults_are_those_of_the_command_line(command_line, samples, tmp_path):
    x, y = samples
    np.savez(tmp_path / "samples.npz", x=x, y=y)
    arguments = f"find --data {tmp_path}/samples.npz --width 128 --depth 4 --json"
    assert result(etastar.find(x, y).to_dict()) == result(command_line(arguments))


def test_fields_are_attributes(found):
    low, high = found.interval
    assert low <= found.eta_star <= high
    assert found.found == len(found.repeats) == 2
    assert found.repeats[0].tried[0].learning_rate > 0
    assert found.eta_star == found["eta_star"]
    assert "eta_star" in dir(found)
    with pytest.raises(AttributeError, match="Found has no field `lambda_1`"):
        found.lambda_1


def test_a_result_can_be_written_and_copied(found):
    fields = found.to_dict()
    assert type(fields["repeats"][0]) is dict
    assert json.loads(json.dumps(fields)) == fields == found
    for other in (pickle.loads(pickle.dumps(found)), copy.deepcopy(found)):
        assert other == found and repr(other) == repr(found)
        assert other.repeats[0].eta_star == found.repeats[0].eta_star


def test_a_row_of_the_frame_is_a_trial(found):
    frame = found.to_frame()
    assert len(frame) == found.trials
    assert {"repeat", "learning_rate", "outcome", "steps", "accuracy"} <= set(frame.columns)
    successes = frame[frame.outcome == "success"].groupby("repeat").learning_rate.max()
    assert list(successes) == [one.eta_star for one in found.repeats]


def test_what_people_see(found, tmp_path):
    first, fastest, second = repr(found).splitlines()
    assert first.startswith(f"eta* = {found.eta_star:.4f} (2^")
    assert fastest.startswith(f"trains fastest at about {found.fastest_rate.learning_rate:.4f}")
    assert second.startswith("depth 2 (hidden layers), width 16 on samples, input-layer rate 1;")
    page = found._repr_html_()
    assert "eta* = " in page and "<svg" in page
    found.plot(tmp_path / "curve.svg")
    found.plot(str(tmp_path / "curve.html"))
    assert (tmp_path / "curve.svg").read_text().startswith("<svg")
    assert (tmp_path / "curve.html").read_text().startswith("<!DOCTYPE html>")
    with pytest.raises(etastar.EtastarError, match="must end in .svg or .html"):
        found.plot("curve.png")


def test_layers_have_rates_and_the_rate_warms_up(samples):
    named = etastar.find(*samples, **QUICK, input_rate=0.1)
    listed = etastar.find(*samples, **QUICK, layer_rates=[0.1, 1, 1])
    assert named.eta_star == listed.eta_star
    slower = etastar.find(*samples, **QUICK, layer_rates=[1, 1, 0.1])
    assert "layer rates [1.0, 1.0, 0.1]" in repr(slower)
    assert slower.fastest_rate is None
    warm = etastar.find(*samples, **QUICK, warm_up=8)
    assert warm.cell.measurement["eta-star"].warm_up == 8
    with pytest.raises(etastar.EtastarError, match="not both"):
        etastar.find(*samples, **QUICK, layer_rates=[1, 1, 1], input_rate=0.5)


def test_real_targets_are_learnt(samples):
    x, _ = samples
    target = np.asarray(x, dtype=float)[:, 0] * 2 - 1
    found = etastar.find(x, target, **QUICK, regression=True)
    assert found.cell.measurement["eta-star"].loss == "squared-error"
    assert found.outputs == 1 and found.eta_star > 0
    with pytest.raises(etastar.EtastarError, match="cross-entropy"):
        etastar.find(x, target, **QUICK, regression=True, loss="cross-entropy")


def test_no_eta_star_is_a_result(samples):
    none = etastar.find(*samples, **QUICK, highest=-15)
    assert none.eta_star is None and none.nothing_succeeds == 2
    assert "no learning rate succeeds; lower --threshold" in repr(none)
    all_succeed = etastar.find(*samples, **QUICK, highest=-1)
    assert all_succeed.eta_star is None and all_succeed.nothing_fails == 2


@pytest.mark.parametrize(
    "settings, says",
    [
        ({"hidden": []}, "depth must be at least 1"),
        ({"hidden": [8, 0]}, "the width of a hidden layer must be at least 1"),
        ({"budget": 0}, "`budget` must be at least 1, not 0"),
        ({"budget": -1}, "`budget` is -1, which is out of range"),
        ({"threshold": 1.5}, "`threshold` must be above 0 and at most 1, not 1.5"),
        ({"threshold": 0.2}, "0.2"),
        ({"input_rate": -1.0}, "`input_rate` must be 0 or a positive number"),
        ({"loss": "hinge"}, "`loss`: unknown variant `hinge`, expected `cross-entropy` or"),
        ({"standardise": "both"}, "unknown variant `both`"),
        ({"backend": "rocm"}, "no backend is called `rocm`; choose one of flex"),
        ({"dataset": "mnist"}, "give `x` and `y`, or `dataset` instead"),
        ({"validation": 600}, "600"),
        ({"jobs": 0}, "`jobs` must be between 1 and 1024"),
        ({"start": 1.0, "warm_start": "store.db"}, "`start` or `warm_start`, not both"),
        ({"warm_start": "none.db"}, "none.db"),
        ({"no_divergence": True, "threshold": 0.5}, "`no_divergence` has no use for"),
        ({"repeats": 10**12}, "repeats"),
    ],
)
def test_what_is_wrong_is_named(samples, settings, says):
    with pytest.raises(etastar.EtastarError, match=says) as raised:
        etastar.find(*samples, **settings)
    assert isinstance(raised.value, ValueError)


def test_a_wrong_type_is_a_type_error(samples):
    with pytest.raises(TypeError, match="`budget`"):
        etastar.find(*samples, budget="many")
    with pytest.raises(TypeError, match="`hidden`"):
        etastar.find(*samples, hidden=["a"])


def test_words_of_errors_are_those_of_the_command_line(command_line, samples, tmp_path):
    x, y = samples
    np.savez(tmp_path / "mine.npz", x=x, y=y)
    with pytest.raises(etastar.EtastarError) as raised:
        etastar.find(x, y, name="mine", threshold=0.2)
    arguments = f"find --data {tmp_path}/mine.npz --hidden 8 --threshold 0.2"
    done = command_line(arguments, check=False)
    assert done.returncode == 2
    assert str(raised.value) in done.stderr


def test_warnings_are_those_of_python(samples):
    x, y = samples
    with pytest.warns(etastar.EtastarWarning, match="there is no sample of class `4`") as caught:
        etastar.find(x, np.eye(5)[y], **QUICK)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(etastar.EtastarWarning):
            etastar.find(x, np.eye(5)[y], **QUICK)


def test_a_store_is_gone_on_with(samples, tmp_path):
    first = etastar.find(*samples, **QUICK, store=tmp_path / "find.db")
    again = etastar.find(*samples, **{**QUICK, "repeats": 3}, store=tmp_path / "find.db")
    assert again.repeats[:2] == first.repeats and len(again.repeats) == 3
    x, y = samples
    with pytest.raises(etastar.EtastarError, match="another configuration"):
        etastar.find(x + 1, y, **QUICK, store=tmp_path / "find.db")


def test_a_search_starts_where_a_store_predicts(samples, store):
    with pytest.warns(etastar.EtastarWarning):
        found = etastar.find(*samples, **QUICK, warm_start=store)
    assert found.warm_start.store == str(store)


def test_other_networks_and_optimisers(samples):
    found = etastar.find(
        *samples,
        **QUICK,
        activation="leaky-relu:0.1",
        residual="one",
        norm="layer",
        optimiser="momentum",
        momentum=0.5,
        clip=1.0,
    )
    cell = found.cell
    assert cell["form"] == {"activation": "leaky-relu:0.1", "residual": "one", "norm": "layer"}
    protocol = cell["measurement"]["eta-star"]
    assert (protocol["optimiser"], protocol["momentum"], protocol["clip"]) == ("momentum", 0.5, 1.0)
    for wrong in ({"activation": "relu6"}, {"optimiser": "lion"}, {"residual_block": 3}):
        with pytest.raises(etastar.EtastarError):
            etastar.find(*samples, **QUICK, **wrong)
