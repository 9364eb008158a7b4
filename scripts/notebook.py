"""Run examples/impasto.ipynb from top to bottom and write it with what its cells give.

    python scripts/notebook.py

The test of the notebook tells by what is written here that the outputs are from a whole run of these very cells.
"""

import hashlib
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parent.parent / "examples" / "impasto.ipynb"


def source_digest(notebook: nbformat.NotebookNode) -> str:
    """Return a digest of all cells' sources."""
    sources = "\0".join(f"{cell.cell_type} {cell.source}" for cell in notebook.cells)
    return hashlib.sha256(sources.encode()).hexdigest()


def run(notebook: nbformat.NotebookNode, timeout: int = 600) -> nbformat.NotebookNode:
    """Run all cells in a new process and in an empty folder, and return the notebook with their outputs.

    timeout: seconds that a cell may take.  Raises nbclient's CellExecutionError where a cell does.
    """
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=timeout,
            kernel_name="python3",
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": folder}},
        )
        return client.execute()


def main() -> None:
    """Run the notebook and write it."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    began = time.perf_counter()
    done = run(notebook)
    done.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "impasto": {"outputs_of": source_digest(done)},
    }
    nbformat.write(done, NOTEBOOK)
    print(f"{NOTEBOOK}: {time.perf_counter() - began:.0f} s, {NOTEBOOK.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
