"""What all tests share: nobody's home, no network, a tiny trained network, real photos and the command."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from hypothesis import settings

settings.register_profile("busy", deadline=None)  # a machine that does something else too is no error
settings.load_profile("busy")

LOOPBACK = ("127.", "::1", "localhost")
TINY = "impasto:channels=8,blocks=1,decoder=8x8"
TINY_JOHNSON = "johnson:norm=batch,channels=4,upsampling=transposed,tanh=true"


@pytest.fixture(scope="session", autouse=True)
def _alone(tmp_path_factory):
    """Give the tests, and what they start, an empty home and Ctrl-C, and let nothing connect to another machine."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs, as in CI, begin without
    home = tmp_path_factory.mktemp("home")
    connect = socket.socket.connect

    def guarded(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and not str(address[0]).startswith(LOOPBACK):
            pytest.fail(f"a test wants to connect to {address}")
        return connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
            patch.setenv(name, str(home))
        for name in ("TORCH_HOME", "HF_HOME"):
            patch.delenv(name, raising=False)
        patch.setattr(socket.socket, "connect", guarded)
        patch.setattr(socket.socket, "connect_ex", guarded)
        yield


@dataclass(frozen=True)
class Model:
    """A network that was exported into a folder, and what it was exported from."""

    folder: Path
    trained: object

    @property
    def network(self):
        return self.folder / "network.onnx"

    def style(self, name):
        return self.folder / "styles" / f"{name}.style"


@pytest.fixture(scope="session")
def make_trained():
    """Return a function that gives a small network, as after training, with two styles and the identity."""
    import torch

    from impasto.nets import registry
    from impasto.training.run import Trained

    def make(name=TINY, seed=0):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            net = registry.build(name).eval()
            for module in net.modules():
                if isinstance(module, torch.nn.BatchNorm2d):  # as training leaves its moments: not 0 and 1
                    module.running_mean.uniform_(-0.5, 0.5)
                    module.running_var.uniform_(0.5, 2)
            if not net.style_parameters:
                return Trained(net, {"only": net.new_style()}, {"steps": 4})
            spread = 0.3 * torch.randn(2, net.style_parameters)
            vectors = dict(zip(("dots", "lines"), net.new_style() + spread, strict=True))
        return Trained(net, {**vectors, "identity": net.new_identity()}, {"steps": 4})

    return make


@pytest.fixture(scope="session")
def tiny_model(make_trained, tmp_path_factory):
    """Return Impasto's network, very small, with the styles dots and lines and the identity."""
    return _exported(make_trained(), tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def tiny_johnson(make_trained, tmp_path_factory):
    """Return Johnson's network of 2016, very small, whose one style is in its weights."""
    return _exported(make_trained(TINY_JOHNSON), tmp_path_factory.mktemp("johnson"))


def _exported(trained, folder):
    from impasto.export import write_model

    write_model(trained, folder)
    return Model(folder, trained)


@pytest.fixture(scope="session")
def photo():
    """Return an astronaut's face, (101, 77, 3) uint8: odd, and taller than wide."""
    return _frozen(skimage.data.astronaut()[20:222:2, 150:304:2])


@pytest.fixture(scope="session")
def grey():
    """Return a camera man, (101, 77) uint8."""
    return _frozen(skimage.data.camera()[50:353:3, 130:361:3])


def _frozen(pixels):
    pixels = np.ascontiguousarray(pixels)
    pixels.setflags(write=False)
    return pixels


@pytest.fixture
def save(tmp_path):
    """Return a function that saves pixels, or else text or nothing, under a name below tmp_path."""
    from PIL import Image

    def saved(name, content=b"", **options):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, np.ndarray):
            Image.fromarray(content).save(path, **options)
        else:
            path.write_bytes(content)
        return path

    return saved


@pytest.fixture
def unprivileged():
    """Return a context in which file permissions hold, though the tests may run as root."""

    @contextmanager
    def as_nobody():
        if os.geteuid():
            yield
            return
        os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(0)

    return as_nobody
