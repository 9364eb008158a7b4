"""Figures of speed: what is counted, and workers that answer."""

import sys

import pytest
import torch

from impasto.errors import ImpastoError
from impasto.evaluation.product import OPERATIONS
from impasto.evaluation.speed import (
    Command,
    Worker,
    operations_a_pixel,
    painter,
    peak,
    present,
    time_network,
)
from impasto.export.graph import fold
from impasto.nets import registry


@pytest.mark.parametrize("name", ["impasto", "impasto:channels=32,decoder=32x16x8"])
def test_operations_are_those_that_torch_counts(name):
    from torch.utils.flop_counter import FlopCounterMode

    net, side = registry.build(name).eval().requires_grad_(False), 64
    with FlopCounterMode(display=False) as counted, torch.no_grad():
        fold(net, 16)(torch.rand(1, 3, side, side), net.new_style()[None])
    ours = operations_a_pixel({key: value.numpy() for key, value in net.state_dict().items()}) * side**2
    assert counted.get_total_flops() == pytest.approx(ours, rel=0.15)  # it counts what upsampling cuts off, too


def test_everything_that_is_here_is_found():
    found = present()
    assert {("openvino", "f32"), ("onnxruntime", "f32"), ("torch", "f32")} <= set(found)
    assert ("onnxruntime", "bf16") not in found


def test_a_painter_is_timed_in_its_own_process():
    (timing,) = time_network([painter("openvino", "f32")], (64, 80), 2)
    assert timing.engine == "main, OpenVINO CPU f32"
    assert 0 < timing.seconds < 10
    assert timing.memory > 50e6
    assert timing.pixels_a_second == pytest.approx(64 * 80 / timing.seconds)
    assert timing.operations / (64 * 80) == pytest.approx(35.55e3, rel=0.01)


def test_a_worker_that_fails_says_why():
    script = (sys.executable, "-c", "import sys; sys.exit('there is no such painter')")
    with pytest.raises(ImpastoError, match="there is no such painter"), Worker(Command(script), {"threads": 1}):
        pass


def test_another_program_that_fails_is_left_out():
    stranger = Command((sys.executable, "-c", "import sys; sys.exit('not here')"))
    none, ours = time_network([stranger, painter("openvino", "f32")], (32, 32), 1)
    assert none is None
    assert ours.seconds > 0


def test_the_peak_is_a_plausible_number():
    (timing,) = time_network([peak("f32", (32, 32))], (32, 32), 1)
    assert 1e9 < timing.operations_a_second < 1e15
    assert timing.operations == pytest.approx(OPERATIONS)
