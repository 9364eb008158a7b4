import json


def test_a_table_of_sizes(impasto):
    result = impasto("bench", "--size", "64", "--size", "96", "--runs", "1", "--engine", "openvino", "--model", "main")
    assert result.code == 0, result.err
    rows = [line for line in result.out.splitlines() if line.startswith("| main, OpenVINO CPU")]
    assert len(rows) >= 2
    assert all("%" in row for row in rows)
    assert "| 64 x 64 px | seconds" in result.out
    assert "| 96 x 96 px | seconds" in result.out
    assert "GFLOP/s" in result.out
    assert "commit" in result.out


def test_json(impasto):
    result = impasto("bench", "--size", "64", "--runs", "1", "--engine", "onnxruntime", "--model", "main", "--json")
    facts = json.loads(result.out)
    assert facts["peaks"]["f32"] > 1e9
    (timing,) = facts["timings"]
    assert (timing["height"], timing["width"], timing["engine"]) == (64, 64, "main, ONNX Runtime CPU f32")


def test_an_engine_that_is_not_there(impasto):
    result = impasto("bench", "--engine", "abacus")
    assert result.code == 1
    assert "no engine abacus can paint" in result.err
