"""`etastar.sharpness` and `etastar.sharpness_at_initialisation`."""

import numpy as np
import pytest
from safetensors.numpy import save_file

import etastar


@pytest.fixture(scope="module")
def network():
    """A network 8 -> 16 -> 4, as PyTorch has it."""
    random = np.random.default_rng(3)
    return {
        "0.weight": random.normal(size=(16, 8)) / 2,
        "0.bias": random.normal(size=16),
        "2.weight": random.normal(size=(4, 16)) / 4,
    }


def test_weights_in_memory_are_those_of_a_file(command_line, network, samples, tmp_path):
    x, y = samples
    np.savez(tmp_path / "samples.npz", x=x, y=y)
    weights = str(tmp_path / "net.safetensors")
    save_file(network, weights)
    in_memory = etastar.sharpness(network, x, y, input_rate=0.5, loss="squared-error")
    in_file = etastar.sharpness(weights, x, y, input_rate=0.5, loss="squared-error")
    arguments = f"--weights {weights} --samples-file {tmp_path}/samples.npz --json"
    expected = command_line(f"sharpness {arguments} --input-rate 0.5 --loss squared-error")
    assert in_memory.lambda_1.mean == in_file.lambda_1.mean == expected["lambda_1"]["mean"]
    assert in_file.repeats == in_memory.repeats == expected["repeats"]
    assert in_memory.read == expected["read"]
    assert in_memory.read.widths == [8, 16, 4]
    assert in_memory.manifest.weights == "weights" and in_file.manifest.weights == weights


@pytest.mark.parametrize("kind", ["f2", "f4", ">f4", ">f8"])
def test_types_of_weights(network, samples, kind):
    rounded = {name: array.astype(kind) for name, array in network.items()}
    wide = {name: array.astype("f8") for name, array in rounded.items()}
    measured = [etastar.sharpness(one, *samples, bounds=False) for one in (rounded, wide)]
    assert measured[0].lambda_1 == measured[1].lambda_1
    assert measured[0].repeats[0].bounds is None


def test_layouts_and_layers(network, samples):
    expected = etastar.sharpness(network, *samples, bounds=False)
    transposed = {name: array.T for name, array in network.items()}
    named = {"b" + name[1:] if name[0] == "0" else "a" + name[1:]: array for name, array in network.items()}
    with pytest.raises(etastar.EtastarError, match="do not tell their order; name them in order"):
        etastar.sharpness(named, *samples)
    for weights, settings in [
        (transposed, {}),
        (transposed, {"layout": "in-out"}),
        (network, {"layout": "out-in"}),
        (named, {"layers": ["b", "a"]}),
        ({**network, "norm.running_mean": np.ones(3)}, {"ignore": True}),
    ]:
        measured = etastar.sharpness(weights, *samples, bounds=False, **settings)
        assert measured.lambda_1 == expected.lambda_1


def test_a_state_dict(samples):
    torch = pytest.importorskip("torch")
    x, y = samples
    model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 4))
    for kind in (torch.float32, torch.float64, torch.float16, torch.bfloat16):
        state = model.to(kind).state_dict()
        arrays = {name: tensor.double().numpy() for name, tensor in state.items()}
        measured = [etastar.sharpness(one, x, y, bounds=False) for one in (state, arrays)]
        assert measured[0].lambda_1 == measured[1].lambda_1


@pytest.mark.parametrize(
    "change, settings, says",
    [
        ({"norm.weight": np.ones(3)}, {}, "not part of a fully connected network: `norm.weight`"),
        ({"0.weight": np.ones((16, 8), int)}, {}, "has type I64, not a real one"),
        ({"0.weight": np.ones((16, 8), complex)}, {}, "has type complex128"),
        ({"0.weight": np.ones((16, 9))}, {}, "do not fit together"),
        ({"0.weight": np.full((16, 8), np.inf)}, {}, "is not finite at value 0"),
        ({}, {"layout": "columns"}, "`layout` is `columns`, not `out-in`"),
        ({}, {"loss": "hinge"}, "unknown variant `hinge`"),
    ],
)
def test_what_is_wrong_is_named(network, samples, change, settings, says):
    with pytest.raises(etastar.EtastarError, match=says):
        etastar.sharpness({**network, **change}, *samples, **settings)


def test_a_file_that_is_not_there_is_named(samples):
    with pytest.raises(etastar.EtastarError, match="cannot read the weights file none.safetensors"):
        etastar.sharpness("none.safetensors", *samples)


def test_at_initialisation(command_line, samples, tmp_path):
    x, y = samples
    np.savez(tmp_path / "samples.npz", x=x, y=y)
    settings = {"samples": 100, "repeats": 3, "input_rate": 0.1}
    measured = etastar.sharpness_at_initialisation(x, y, [16, 16], **settings)
    expected = command_line(
        f"sharpness --data {tmp_path}/samples.npz --width 16 --depth 2 --samples 100 --repeats 3 "
        "--input-rate 0.1 --json"
    )
    for field in ("lambda_1", "stability_limit", "repeats", "prediction", "theory"):
        assert measured.to_dict()[field] == expected[field]
    assert len(measured.to_frame()) == 3
    assert "hessian_largest" in measured.to_frame()
    assert repr(measured).startswith("lambda_1 = ") and "(3 networks)" in repr(measured)
    assert "<pre>" in measured._repr_html_()
