"""Graphs that are not safe to open are refused before an engine sees them."""

import onnx
import pytest
from onnx import TensorProto, helper

from impasto.errors import ModelError
from impasto.model import MODELS
from impasto.model.graph import OPERATIONS, check_graph, graph_metadata


def graph(nodes=None, weights=(), **more):
    """Return a graph of one operation, from picture to painting."""
    picture = helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, "h", "w"])
    painting = helper.make_tensor_value_info("painting", TensorProto.FLOAT, None)
    nodes = nodes or [helper.make_node("Relu", ["picture"], ["painting"])]
    return helper.make_model(helper.make_graph(nodes, "g", [picture], [painting], list(weights)), **more)


@pytest.fixture
def check(tmp_path):
    """Return a function that writes a model, or bytes, and checks the file."""

    def checked(model):
        file = tmp_path / "network.onnx"
        file.write_bytes(model if isinstance(model, bytes) else model.SerializeToString())
        check_graph(file)

    return checked


def refuses(check, model, reason):
    with pytest.raises(ModelError, match=rf"network\.onnx: .*{reason}"):
        check(model)


def test_metadata_is_what_onnx_reads():
    for file in MODELS.values():
        expected = {entry.key: entry.value for entry in onnx.load(file).metadata_props}
        assert graph_metadata(file.read_bytes()) == expected
        assert "impasto" in expected
    assert graph_metadata(graph().SerializeToString()) == {}


@pytest.mark.parametrize("damaged", [b"\x72\xff", b"\x70\x01", b"\x72\x02\x08\x01", b"\x72\x03\x0a\x01\xff"])
def test_metadata_of_what_is_no_graph(damaged):
    with pytest.raises(ValueError):
        graph_metadata(damaged)


def test_graphs_that_impasto_writes(check, tiny_model, tiny_johnson):
    for file in (*MODELS.values(), tiny_model.network, tiny_johnson.network):
        check(file.read_bytes())
        assert {node.op_type for node in onnx.load(file).graph.node} <= OPERATIONS


def test_weights_in_another_file(check):
    weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)
    weight.external_data.add(key="location", value="../../etc/passwd")
    refuses(check, graph(weights=[weight]), "in another file")
    constant = helper.make_node("Constant", [], ["c"], value=weight)
    refuses(check, graph([constant, helper.make_node("Add", ["picture", "c"], ["painting"])]), "in another file")


def test_tensors_that_claim_more_than_they_hold(check):
    for sides in ([1 << 40], [1 << 20, 1 << 20], [-1], [1 << 62] * 20):
        weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=sides, raw_data=b"\0" * 8)
        refuses(check, graph(weights=[weight]), "claims more")


def test_loops_and_operations_of_other_programs(check):
    inner = helper.make_graph([helper.make_node("Relu", ["a"], ["b"])], "inner", [], [])
    refuses(check, graph([helper.make_node("Loop", ["n", "c"], ["painting"], body=inner)]), "'Loop'")
    refuses(check, graph([helper.make_node("Relu", ["picture"], ["painting"], body=inner)]), "within the graph")
    refuses(check, graph([helper.make_node("Relu", ["picture"], ["painting"], domain="evil")]), "another program")
    for name in ("If", "Scan", "ConstantOfShape", "Expand", "Tile", "Range", "RandomNormal", "StringNormalizer"):
        refuses(check, graph([helper.make_node(name, ["picture"], ["painting"])]), name)


def test_functions_of_its_own(check):
    function = helper.make_function("f", "F", ["a"], ["b"], [helper.make_node("Relu", ["a"], ["b"])], [])
    refuses(check, graph(functions=[function]), "functions")


@pytest.mark.parametrize("cut", [1, 10, 100])
def test_what_is_no_graph(check, cut, tiny_model):
    refuses(check, tiny_model.network.read_bytes()[:-cut], "breaks off|damaged")
    for junk in (b"", b"\xff" * 40, b"PK\x03\x04", b"<?xml version='1.0'?><net/>", b"\x0b\x0c"):
        refuses(check, junk, "damaged")


def test_a_file_that_is_too_large(check, tmp_path):
    with (tmp_path / "network.onnx").open("wb") as file:
        file.truncate(1 << 29)
    with pytest.raises(ModelError, match="MB, which no network"):
        check_graph(tmp_path / "network.onnx")
