import json

import pytest


def test_a_table_of_sizes(impasto):
    result = impasto("bench", "--size", "64", "--size", "96", "--runs", "1", "--engine", "openvino", "--model", "main")
    assert result.code == 0, result.err
    rows = [line for line in result.out.splitlines() if line.startswith("| main, OpenVINO CPU")]
    assert len(rows) >= 2
    assert all("%" in row for row in rows)
    assert "| 64 x 64 px | seconds" in result.out
    assert "| 96 x 96 px | seconds" in result.out
    peaks = [line for line in result.out.splitlines() if line.startswith("| the peak: a product of matrices, f32 |")]
    assert len(peaks) == 2
    assert all("| 100% |" in row for row in peaks)
    assert "commit" in result.out


def test_json(impasto):
    result = impasto("bench", "--size", "64", "--runs", "1", "--engine", "onnxruntime", "--model", "main", "--json")
    facts = json.loads(result.out)
    (timing,) = facts["timings"]
    assert 1e9 < timing["peak"] < 1e15
    assert (timing["height"], timing["width"], timing["engine"]) == (64, 64, "main, ONNX Runtime CPU f32")


def test_an_engine_that_is_not_there(impasto):
    result = impasto("bench", "--engine", "abacus")
    assert result.code == 1
    assert "no engine abacus can paint" in result.err


@pytest.fixture
def paper(tiny_model, save, photo, monkeypatch):
    """Return options of the paper's comparison with a small network and small sizes."""
    from impasto.evaluation import paper
    from impasto.perceptual import weights
    from training.samples import SmallEyes

    monkeypatch.setattr(paper, "SIZES", (32, 48))
    monkeypatch.setattr(paper.worth, "__defaults__", (3,))
    monkeypatch.setattr(weights, "load_vgg19", SmallEyes)
    painting = save("painting.png", photo[:64, :64])
    options = ("--model", tiny_model.network, "--style", tiny_model.style("dots"), "--painting", painting)
    return ["bench", "--paper", *map(str, options), "--size", "48"]


def test_the_papers_comparison(impasto, paper):
    result = impasto(*paper)
    assert result.code == 0, result.err
    head = "| px | one iteration | 100 iterations | 300 iterations | 500 iterations | network | times as fast |"
    first, second = result.out.split(head)[1].split("How many iterations")
    assert [row.split(" | ")[0] for row in first.splitlines() if row.startswith("| ")][1:] == ["| 32", "| 48"]
    assert [row for row in second.splitlines() if row.startswith("| 48 | ")]


def test_the_papers_comparison_as_json(impasto, paper):
    result = impasto(*paper, "--json")
    (found,) = json.loads(result.out)["comparisons"]
    assert [row["size"] for row in found["rows"]] == [32, 48]
    assert (found["worth"][0]["size"], found["worth"][0]["tried"]) == (48, 3)
    assert found["style"] == "dots"
