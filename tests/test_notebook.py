"""The notebook runs from top to bottom, and what is committed of it is from such a run."""

from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

ROOT = Path(__file__).parents[1]
LARGEST = 600_000


@pytest.fixture
def scripts(monkeypatch):
    """Let scripts be imported."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))


@pytest.fixture
def notebook(scripts):
    from notebook import NOTEBOOK

    return nbformat.read(NOTEBOOK, as_version=4)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def pictures(notebook):
    return [output for cell in code(notebook) for output in cell.outputs if "image/jpeg" in output.get("data", {})]


def test_its_outputs_are_of_one_whole_run_of_these_cells(notebook):
    from notebook import source_digest

    assert notebook.metadata["impasto"]["outputs_of"] == source_digest(notebook), "run python scripts/notebook.py"
    assert [cell.execution_count for cell in code(notebook)] == list(range(1, len(code(notebook)) + 1))
    assert not [output for cell in code(notebook) for output in cell.outputs if output.output_type == "error"]
    assert not [output for cell in code(notebook) for output in cell.outputs if output.get("name") == "stderr"]


def test_it_is_small_and_has_its_pictures(notebook):
    from notebook import NOTEBOOK

    assert NOTEBOOK.stat().st_size < LARGEST
    assert len(pictures(notebook)) >= 6
    assert "image/png" not in NOTEBOOK.read_text("utf-8")
    assert str(Path.home()) not in NOTEBOOK.read_text("utf-8")


def test_it_runs(notebook, monkeypatch):
    from notebook import run

    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    shown = len(pictures(notebook))
    for cell in code(notebook):
        cell.outputs, cell.execution_count = [], None
    done = run(notebook, timeout=300)
    assert len(pictures(done)) == shown
    assert all(cell.execution_count for cell in code(done))
