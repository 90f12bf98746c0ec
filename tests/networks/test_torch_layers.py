"""The optional layers of torch: forward the chip, backward its effective weights; our float layers against torch's."""

from __future__ import annotations

import copy
from typing import Any

import pytest

import synaptogen_core as sc
from synaptogen_core.crossbar import Lines

torch: Any = pytest.importorskip("torch", reason="the optional extra [torch] is not installed (some 3 GB on Linux)")
nets = sc.networks


@pytest.fixture(scope="module")
def chip() -> Any:
    return nets.Chip(sc.load_device("hennen2024"), tile=(32, 32), lines=Lines(5.0, 5.0), adc_bits=8, seed=3)


def test_a_linear_layer_computes_on_its_cells_and_learns_through_its_effective_weights(chip: Any) -> None:
    from synaptogen_core.networks.torch_layers import AnalogLinear

    torch.manual_seed(0)
    x, linear = torch.rand(60, 20), torch.nn.Linear(20, 6)
    layer = AnalogLinear(linear, chip, x)
    given = x.clone().requires_grad_()
    y = layer(given)
    by_us = layer.analog.forward(x.numpy()) + linear.bias.detach().numpy()
    assert y.detach().numpy() == pytest.approx(by_us, abs=1e-6)  # the same reads: the same noise
    assert 0.002 < (y - linear(x)).abs().max() < 0.2
    dy = torch.rand(60, 6)
    y.backward(dy)
    assert given.grad.numpy() == pytest.approx((dy @ layer.effective).numpy(), abs=1e-6)
    assert layer.effective.T.numpy() == pytest.approx(layer.analog.weights("effective")[0], rel=1e-6)
    assert layer.weight.grad.numpy() == pytest.approx((dy.T @ x).numpy(), abs=1e-5)
    assert layer.write().cells == 0  # nothing has learnt
    with torch.no_grad():
        layer.weight[0] *= -1
    before, written = layer.effective.clone(), layer.write()
    assert 0 < written.cells <= 40 and written.pulses > written.cells
    assert torch.sign(layer(x)[:, 0] - layer.bias[0]).sum() == -torch.sign(y[:, 0] - layer.bias[0]).sum()
    assert not torch.equal(before[0], layer.effective[0]) and torch.sign(before[0] * layer.effective[0]).sum() < -10


def test_a_convolution_is_that_of_torch_but_for_its_cells(chip: Any) -> None:
    from synaptogen_core.networks.torch_layers import AnalogConv2d

    torch.manual_seed(1)
    x, module = torch.rand(4, 2, 7, 6), torch.nn.Conv2d(2, 5, (3, 2), stride=(2, 1), padding=(1, 0))
    layer, wanted = AnalogConv2d(module, chip, x), module(x)
    found = layer(x)
    assert found.shape == wanted.shape
    assert (found - wanted).abs().max() < 0.15 * wanted.abs().max() and not torch.equal(found, wanted)
    found.sum().backward()
    assert layer.weight.grad.shape == module.weight.shape and float(layer.weight.grad.abs().min()) > 0


def test_our_float_layers_and_their_gradients_are_those_of_torch() -> None:
    torch.manual_seed(2)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(1, 3, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2), torch.nn.Flatten(),
        torch.nn.Linear(27, 4),
    ).double()  # fmt: skip
    x, y = torch.rand(5, 1, 6, 6, dtype=torch.float64), torch.tensor([0, 3, 1, 2, 0])
    network = nets.Network.from_torch(model)
    assert network.forward(x.numpy()) == pytest.approx(model(x).detach().numpy(), abs=1e-12)
    loss = torch.nn.functional.cross_entropy(model(x), y)
    loss.backward()
    ours, gradients, _ = network.gradients(x.numpy(), y.numpy())
    assert ours == pytest.approx(loss.item(), abs=1e-12)
    for (weight, bias), module in zip(gradients, (model[0], model[4]), strict=True):
        assert weight == pytest.approx(module.weight.grad.flatten(1).numpy().T, abs=1e-12)
        assert bias == pytest.approx(module.bias.grad.numpy(), abs=1e-12)


def test_bad_input(chip: Any) -> None:
    from synaptogen_core.networks.torch_layers import AnalogConv2d, AnalogLinear

    on_row = nets.Chip(chip.device, nets.Mapping(bias="row"))
    with pytest.raises(ValueError, match="chip: must have its bias 'digital' here"):
        AnalogLinear(torch.nn.Linear(3, 2), on_row, torch.rand(4, 3))
    with pytest.raises(ValueError, match="module: must have one group, no dilation"):
        AnalogConv2d(torch.nn.Conv2d(2, 2, 2, dilation=2), chip, torch.rand(1, 2, 5, 5))
    linear, x = torch.nn.Linear(3, 2), torch.rand(4, 3)
    with pytest.raises(TypeError, match="module: must be Linear"):
        AnalogLinear(torch.nn.ReLU(), chip, x)
    with pytest.raises(TypeError, match="x: must be Tensor"):
        AnalogLinear(linear, chip, x.numpy())
    layer, images = AnalogLinear(linear, chip, x), AnalogConv2d(torch.nn.Conv2d(2, 2, 2), chip, torch.rand(2, 2, 5, 5))
    for wrong in (torch.rand(4, 4), torch.rand(4, 2), torch.tensor(1.0), [1.0]):  # wider ones were cut off
        with pytest.raises(ValueError, match=r"x: must have shape \(\.\.\., 3\)"):
            layer(wrong)
    with pytest.raises(ValueError, match=r"x: must hold floats \(got torch.int64\)"):
        layer(torch.ones(2, 3, dtype=torch.int64))
    for wrong in (torch.rand(1, 3, 5, 5), torch.rand(2, 5, 5), torch.rand(1, 2, 1, 5)):
        with pytest.raises(ValueError, match=r"x: must have shape \(images, 2, y, x\)"):
            images(wrong)
    assert images(torch.rand(0, 2, 5, 5)).shape == (0, 2, 4, 4)
    linear.register_forward_hook(lambda module, given, found: 2 * found)
    with pytest.raises(ValueError, match="Linear must compute what its class does"):
        AnalogLinear(linear, chip, x)


def test_copies_and_short_numbers_compute(chip: Any) -> None:
    from synaptogen_core.networks.torch_layers import AnalogLinear

    torch.manual_seed(4)
    x, linear = torch.rand(20, 6).bfloat16(), torch.nn.Linear(6, 3).bfloat16()
    layer = AnalogLinear(linear, chip, x)
    copied = copy.deepcopy(layer)
    assert copied(x).dtype == torch.bfloat16
    assert (copied(x) - linear(x)).abs().max() < 0.2
