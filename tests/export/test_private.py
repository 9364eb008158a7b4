"""A network file says nothing of the machine that made it."""

from pathlib import Path

import impasto
from impasto.export.graph import write_onnx
from impasto.model import bundled
from impasto.nets import registry


def test_a_graph_names_no_folder_of_this_machine(tmp_path):
    net = registry.build("impasto:channels=8,blocks=1,decoder=8x8").eval()
    write_onnx(net, tmp_path / "network.onnx", {"impasto": "{}"})
    content = (tmp_path / "network.onnx").read_bytes()
    assert str(Path(impasto.__file__).parent).encode() not in content
    assert b"site-packages" not in content


def test_the_bundled_graph_has_no_traces():
    content = bundled.MODELS["main"].read_bytes()
    assert b'File "' not in content
    assert b"site-packages" not in content
