from types import SimpleNamespace

import pytest
import torch

from impasto.errors import OptimizationError
from impasto.gatys import memory
from impasto.gatys.memory import is_out_of_memory, plan
from impasto.memory import available_bytes
from impasto.perceptual.device import available_on

LAYERS = ("relu1_1", "relu5_1")


def test_small_pictures_are_looked_at_whole_and_large_ones_in_pieces(vgg):
    small, large = (plan((side, side), LAYERS, vgg, 16, "7GB") for side in (256, 3000))
    assert small.whole
    assert not large.whole
    assert small.expected < large.expected <= 7 << 30
    assert large.side % 16 == 0
    assert "whole, about" in str(small)
    assert f"in pieces of {large.side} px" in str(large)


def test_less_memory_makes_smaller_pieces(vgg):
    sides = [plan((2000, 3000), LAYERS, vgg, 16, limit).side for limit in ("8GB", "6GB", "5GB")]
    assert sides == sorted(sides, reverse=True)
    assert len(set(sides)) == 3


def test_smaller_pieces_take_less(vgg):
    whole = plan((2000, 3000), LAYERS, vgg, 16, "100GB")
    smaller = whole.smaller(MemoryError())
    assert not smaller.whole
    assert smaller.smaller(MemoryError()).expected < smaller.expected < whole.expected


def test_pairs_that_are_remembered_count(vgg):
    few, many = (plan((2000, 3000), LAYERS, vgg, history, "100GB").expected for history in (1, 11))
    assert many - few == 10 * 24 * 2000 * 3000


def test_too_little_memory_says_what_would_do(vgg):
    with pytest.raises(OptimizationError, match=r"3000 x 2000 px need at least \d\.\d GB, there are 1\.0 GB"):
        plan((2000, 3000), LAYERS, vgg, 16, "1GB")


def test_without_a_limit_what_is_free_decides(vgg, monkeypatch):
    monkeypatch.setattr(memory, "available_on", lambda device: 5 << 30)
    assert not plan((2000, 3000), LAYERS, vgg, 16).whole


def test_a_containers_limit_counts(tmp_path, monkeypatch):
    monkeypatch.setattr("impasto.memory._CGROUP", tmp_path)
    free = available_bytes()
    (tmp_path / "memory.max").write_text(f"{1 << 30}\n")
    (tmp_path / "memory.current").write_text(f"{600 << 20}\n")
    (tmp_path / "memory.stat").write_text(f"anon 5\ninactive_file {100 << 20}\n")
    assert available_bytes() == int(0.8 * ((1 << 30) - (500 << 20)))
    (tmp_path / "memory.max").write_text("max\n")
    assert available_bytes() == pytest.approx(free, rel=0.5)


def test_a_device_has_its_own_memory(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (10 << 30, 80 << 30))
    assert available_on(SimpleNamespace(type="cuda")) == 8 << 30


def test_which_errors_are_a_lack_of_memory():
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert is_out_of_memory(MemoryError())
    assert is_out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate"))
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not is_out_of_memory(ValueError("can't allocate memory"))
