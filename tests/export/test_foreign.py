"""Networks of other programs as ONNX: made here by torch's exporter and by hand."""

import shutil

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

import impasto
from impasto.cli import main
from impasto.errors import InvalidOption, ModelError, ParityError
from impasto.export import foreign
from impasto.export.checkpoint import import_checkpoint
from impasto.model.network import Manifest
from impasto.runtime.session import Session

WHITE = 255.0


def zoo(path, side=48, opset=9, scale=WHITE, resize="Upsample", output=None, **changes):
    """Write a small network as the model zoo's fast_neural_style are: fixed size, padded by reflection, upsampled."""
    chance = np.random.default_rng(0)
    weights, nodes = [], []

    def given(name, values):
        weights.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def convolved(x, name, inputs, outputs, kernel, stride, gain=1.0):
        pad = kernel // 2
        nodes.append(
            helper.make_node("Pad", [x], [f"{name}.padded"], mode="reflect", pads=[0, 0, pad, pad, 0, 0, pad, pad])
        )
        kernels = gain * chance.standard_normal((outputs, inputs, kernel, kernel)) / np.sqrt(inputs) / kernel
        given(f"{name}.weight", kernels.astype(np.float32))
        given(f"{name}.bias", np.full(outputs, scale / 2 if gain != 1 and not output else 0.0, np.float32))
        nodes.append(
            helper.make_node(
                "Conv", [f"{name}.padded", f"{name}.weight", f"{name}.bias"], [name], strides=[stride, stride]
            )
        )
        return name

    def normed(x, channels):
        given(f"{x}.gamma", np.ones(channels, np.float32))
        given(f"{x}.beta", np.zeros(channels, np.float32))
        nodes.append(helper.make_node("InstanceNormalization", [x, f"{x}.gamma", f"{x}.beta"], [f"{x}.n"]))
        nodes.append(helper.make_node("Relu", [f"{x}.n"], [f"{x}.r"]))
        return f"{x}.r"

    x = normed(convolved("input1", "c1", 3, 4, 9, 1), 4)
    x = normed(convolved(x, "c2", 4, 8, 3, 2), 8)
    if resize == "Upsample":
        given("scales", np.array([1, 1, 2, 2], np.float32))
        nodes.append(helper.make_node("Upsample", [x, "scales"], ["up"], mode="nearest"))
    else:  # to a size of its own
        given("roi", np.zeros(0, np.float32))
        given("none", np.zeros(0, np.float32))
        given("sizes", np.array([1, 8, side, side], np.int64))
        nodes.append(helper.make_node("Resize", [x, "roi", "none", "sizes"], ["up"], mode="nearest"))
    x = normed(convolved("up", "c3", 8, 4, 3, 1), 4)
    convolved(x, "output1", 4, 3, 9, 1, gain=scale / 4)
    if output:
        nodes.append(helper.make_node(output, ["output1"], ["end"]))
    shape = [1, 3, side, side]
    graph = helper.make_graph(
        nodes,
        "torch-jit-export",
        [helper.make_tensor_value_info("input1", changes.get("kind", TensorProto.FLOAT), changes.get("shape", shape))],
        [helper.make_tensor_value_info("end" if output else "output1", TensorProto.FLOAT, shape)],
        weights,
    )
    if changes.get("old"):  # as files of the first years: weights are inputs, too
        graph.input.extend(helper.make_tensor_value_info(w.name, w.data_type, list(w.dims)) for w in weights)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=3 if changes.get("old") else 4
    )
    path.write_bytes(model.SerializeToString())
    return path


@pytest.fixture
def candy(tmp_path):
    return zoo(tmp_path / "candy-9.onnx", old=True)


def painted_by_itself(path, planes):
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: planes})[0]


def test_a_network_of_the_zoo_paints_any_photo(candy, tmp_path, photo):
    (written,) = import_checkpoint(candy, tmp_path / "candy.onnx")
    assert written == tmp_path / "candy.onnx"
    manifest = Session.open(written).manifest
    assert (manifest.stride, manifest.style_parameters, manifest.training["range"]) == (2, 0, "255")
    assert manifest.reach >= 4 + 1 + 2 + 4
    for engine in ("openvino", "onnxruntime"):
        session = Session.open(written, engine=engine, precision="f32")
        planes = np.random.default_rng(1).random((1, 3, 48, 48), np.float32)
        ours = session.engine.run(planes[0].transpose(1, 2, 0), np.zeros((1, 0), np.float32))
        np.testing.assert_allclose(
            ours.transpose(2, 0, 1)[None], painted_by_itself(candy, planes * WHITE) / WHITE, atol=2e-3
        )
        painting = impasto.load(written, engine=engine)(photo)
        assert painting.shape == photo.shape
        assert painting.std() > 10


def test_on_the_command_line(candy, tmp_path, photo, monkeypatch, save):
    monkeypatch.chdir(tmp_path)
    save("photo.png", photo)
    for arguments in (
        ["import", "candy-9.onnx"],
        ["stylize", "photo.png", "-s", "candy-9-impasto.onnx", "-o", "o.png"],
    ):
        with pytest.raises(SystemExit) as end:
            main(arguments)
        assert not end.value.code
    assert (tmp_path / "o.png").exists()


@pytest.mark.parametrize(
    ("output", "scale", "expected"), [("Sigmoid", 1.0, "1"), ("Tanh", 1.0, "symmetric"), (None, 255.0, "255")]
)
def test_the_range_of_pixels_is_found(tmp_path, output, scale, expected):
    file = zoo(tmp_path / "a.onnx", scale=6 * scale if output else scale, output=output)
    (written,) = import_checkpoint(file, tmp_path / "b.onnx")
    assert Session.open(written).manifest.training["range"] == expected


def test_a_range_that_is_named_is_taken_and_one_that_is_not_found_is_asked_for(tmp_path):
    file = zoo(tmp_path / "a.onnx", scale=1e5)
    with pytest.raises(ModelError, match=r"a\.onnx: paints .*outside of each range .*--range"):
        import_checkpoint(file, tmp_path / "b.onnx")
    assert import_checkpoint(zoo(tmp_path / "c.onnx"), tmp_path / "d.onnx", range_="255")


class Shapes(nn.Module):
    """Grows maps by shapes that it computes, as torch exports them."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.down, self.up = nn.Conv2d(3, 8, 3, 2, 1), nn.Conv2d(8, 3, 3, 1, 1)
        self.norm = nn.InstanceNorm2d(8, affine=True)

    def forward(self, x):
        small = self.norm(self.down(x)).relu()
        return torch.sigmoid(4 * self.up(nn.functional.interpolate(small, size=x.shape[2:], mode="bilinear")))


@pytest.mark.parametrize("free", [True, False])
def test_what_torch_exports(tmp_path, photo, free):
    sides = {0: {2: torch.export.Dim.DYNAMIC, 3: torch.export.Dim.DYNAMIC}} if free else None
    program = torch.onnx.export(
        Shapes().eval(), (torch.rand(1, 3, 64, 64),), dynamo=True, opset_version=18, verbose=False,
        dynamic_shapes=(sides[0],) if sides else None,
    )  # fmt: skip
    program.save(tmp_path / "a.onnx")
    if not free:  # the size of the example is in its graph
        with pytest.raises(ModelError, match="of one size only"):
            import_checkpoint(tmp_path / "a.onnx", tmp_path / "b.onnx")
        return
    (written,) = import_checkpoint(tmp_path / "a.onnx", tmp_path / "b.onnx")
    assert Session.open(written).manifest.stride == 1
    assert impasto.load(written)(photo).shape == photo.shape


def test_sizes_of_its_own_are_said(tmp_path):
    file = zoo(tmp_path / "a.onnx", resize="Resize", opset=11, scale=WHITE)
    model = onnx.load(file)
    for node in model.graph.node:  # from opset 11 on pads are an input
        if node.op_type == "Pad":
            pads = next(each for each in node.attribute if each.name == "pads")
            model.graph.initializer.append(numpy_helper.from_array(np.array(pads.ints), f"{node.output[0]}.pads"))
            node.input.append(f"{node.output[0]}.pads")
            node.attribute.remove(pads)
    file.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match=r"a\.onnx: paints pictures of one size only"):
        import_checkpoint(file, tmp_path / "b.onnx")
    assert not (tmp_path / "b.onnx").exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"shape": [1, 48, 48, 3]}, r"takes float 1x48x48x3, not float 1x3xHxW"),
        ({"kind": TensorProto.UINT8}, r"takes uint8 1x3x48x48"),
        ({"opset": 6}, r"opset 6 of ONNX; export it for 7"),
        ({"output": "Shape"}, r"cannot be run|gives no picture"),
        ({"output": "NonZero"}, r"operation 'NonZero' is none"),
    ],
)
def test_other_graphs_are_refused(tmp_path, changes, said):
    with pytest.raises(ModelError, match=said):
        import_checkpoint(zoo(tmp_path / "a.onnx", **changes), tmp_path / "b.onnx")
    assert not (tmp_path / "b.onnx").exists()


@pytest.mark.parametrize(("shape", "fits"), [([8], True), ([70000], False), ([1 << 40, 1 << 40], False), ([-1], False)])
def test_only_a_few_numbers_are_filled_in(candy, tmp_path, shape, fits):
    model = onnx.load(candy)
    graph = model.graph
    nodes = [
        helper.make_node("Constant", [], ["s"], value=numpy_helper.from_array(np.array(shape, np.int64))),
        helper.make_node("ConstantOfShape", ["s"], ["filled"], value=numpy_helper.from_array(np.zeros(1, np.int64))),
        helper.make_node("Cast", ["filled"], ["cast"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["cast"], ["mean"], keepdims=0),
        helper.make_node("Add", ["output1", "mean"], ["moved"]),
    ]
    graph.node.extend(nodes)
    graph.output[0].name = "moved"
    candy.write_bytes(model.SerializeToString())
    if fits:
        (written,) = import_checkpoint(candy, tmp_path / "b.onnx")
        assert "ConstantOfShape" not in {node.op_type for node in onnx.load(written).graph.node}
    else:
        with pytest.raises(ModelError, match=r"candy-9\.onnx: fills maps of sizes that are not known"):
            import_checkpoint(candy, tmp_path / "b.onnx")


def test_several_inputs(tmp_path, candy):
    model = onnx.load(candy)
    model.graph.input.append(helper.make_tensor_value_info("alpha", TensorProto.FLOAT, [1]))
    candy.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match=r"not one input and one output.*input1, alpha, output1"):
        import_checkpoint(candy, tmp_path / "b.onnx")


@pytest.mark.parametrize("content", [b"", b"nothing", b"\x08\x07" * 40])
def test_files_of_other_kinds(tmp_path, content):
    (tmp_path / "a.onnx").write_bytes(content)
    with pytest.raises(ModelError, match=r"a\.onnx: is damaged"):
        import_checkpoint(tmp_path / "a.onnx", tmp_path / "b.onnx")
    with pytest.raises(ModelError, match="there is no such file"):
        import_checkpoint(tmp_path / "absent.onnx", tmp_path / "b.onnx")


def test_what_is_imported_is_not_overwritten_or_imported_twice(candy, tmp_path):
    before = candy.read_bytes()
    with pytest.raises(InvalidOption, match="is the file to import"):
        import_checkpoint(candy, candy)
    assert candy.read_bytes() == before
    (written,) = import_checkpoint(candy, tmp_path / "candy.onnx")
    with pytest.raises(ModelError, match="a network of Impasto already"):
        import_checkpoint(written, tmp_path / "twice.onnx")
    with pytest.raises(InvalidOption, match=r"--range goes with an \.onnx file"):
        import_checkpoint(shutil.copy(candy, tmp_path / "a.pth"), tmp_path / "c.onnx", range_="255")


def test_what_paints_otherwise_is_not_written(candy, tmp_path, monkeypatch):
    write = foreign._write

    def other(their, range_, draft, manifest=None):
        write(their, range_ if manifest is None else "1", draft, manifest)

    monkeypatch.setattr(foreign, "_write", other)
    with pytest.raises(ParityError, match="ONNX Runtime differs from the file by"):
        import_checkpoint(candy, tmp_path / "candy.onnx")
    assert not (tmp_path / "candy.onnx").exists()


def test_what_needs_weights_for_torch_says_so(candy, tmp_path, photo):
    (written,) = import_checkpoint(candy, tmp_path / "candy.onnx")
    with pytest.raises(ModelError, match="imported as ONNX; torch needs it"):
        impasto.load(written, engine="torch")
    with pytest.raises(ModelError, match="imported as ONNX; torch needs it"):
        impasto.export_network(written, tmp_path / "out.onnx")
    session = Session.open(written)
    style = impasto.load(written).style
    with pytest.raises(MemoryError, match="paints whole pictures only"):
        list(session.strips(photo, style, room=lambda: 1000))
    with pytest.raises(ModelError):
        Manifest.read(written.with_suffix(".safetensors"))


def test_nothing_of_the_machine_is_left_in_it(candy, tmp_path):
    model = onnx.load(candy)
    model.doc_string = model.graph.node[0].doc_string = "/home/somebody/train.py"
    helper.set_model_props(model, {"path": "/home/somebody"})
    candy.write_bytes(model.SerializeToString())
    (written,) = import_checkpoint(candy, tmp_path / "candy.onnx")
    assert b"somebody" not in written.read_bytes()
