"""Print what a very large picture takes, and how near painting in strips comes to painting at once.

    python benchmarks/large.py PHOTO [--max-memory 2GB] [--exact 24]

The photo is enlarged to 4 and to 100 megapixels, and painted by the command from file to file, and so is one of 24
megapixels with several limits.  That is then painted by the network in float32 at once and in strips, and the two are
compared; that takes 8 GB.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

LIMITS = ("450MB", "600MB", "1GB", "4GB")
SIZES = {"4": (2309, 1732), "24": (6000, 4000), "100": (12000, 8333)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo")
    parser.add_argument("--max-memory", default="2GB")
    parser.add_argument("--exact", choices=list(SIZES), default="24")
    parser.add_argument("--as", dest="way", choices=("enlarge", "compare"))
    options = parser.parse_args()
    if options.way == "enlarge":
        enlarge(Path(options.photo))
    elif options.way == "compare":
        compare(options.photo)
    else:
        # Each part in a process of its own, so that this one stays small: a child's peak begins with its parent's.
        with TemporaryDirectory() as folder:
            report(options, Path(folder))


def report(options: argparse.Namespace, folder: Path) -> None:
    photo = folder / "photo.jpg"
    photo.write_bytes(Path(options.photo).read_bytes())
    run([sys.executable, __file__, str(photo), "--as", "enlarge"])
    run([sys.executable, "-c", "from impasto.evaluation.machine import heading; print(heading(), flush=True)"])
    print("JPEG to JPEG\n")
    print(
        "| megapixels | --max-memory | seconds | seconds a megapixel | peak memory, GB |\n" + 5 * "| --- " + "|",
        flush=True,
    )
    stylize = [sys.executable, "-m", "impasto", "stylize", "-s", "starry-night"]
    asked = [(name, options.max_memory) for name in ("4", "100")] + [("24", limit) for limit in LIMITS]
    for name, limit in asked:
        width, height = SIZES[name]
        files = [str(folder / f"{name}.jpg"), "-o", str(folder / "out.jpg")]
        seconds, memory = run([*stylize, *files, "--max-memory", limit], quiet=True)
        megapixels = width * height / 1e6
        print(f"| {megapixels:.0f} | {limit} | {seconds:.1f} | {seconds / megapixels:.2f} | {memory:.2f} |", flush=True)
    run([sys.executable, __file__, str(folder / f"{options.exact}.jpg"), "--as", "compare"])


def run(command: list[str], quiet: bool = False) -> tuple[float, float]:
    """Run a command; return its seconds and its peak memory in GB."""
    paths = os.pathsep.join([str(Path(__file__).parents[1] / "src"), os.environ.get("PYTHONPATH", "")])
    began = time.perf_counter()
    process = subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": paths}, stdout=subprocess.DEVNULL if quiet else None
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed")
    return time.perf_counter() - began, usage.ru_maxrss / 2**20


def enlarge(photo: Path) -> None:
    from PIL import Image

    picture = Image.open(photo).convert("RGB")
    for name, size in SIZES.items():
        picture.resize(size, Image.Resampling.BICUBIC).save(photo.with_name(f"{name}.jpg"), quality=92)


def compare(photo: str) -> None:
    import numpy as np

    from impasto.image import read
    from impasto.model import find_style, network_of
    from impasto.runtime.session import MARGIN, Session

    pixels, style = read(photo).pixels, find_style("starry-night")
    session = Session.open(network_of(), precision="f32")
    (whole,) = session.strips(pixels, style, lambda: 1 << 40)
    session.engine.compiled.clear()
    worst, row = 0.0, 0
    for strip in session.engine.stream(pixels, style.vector, style.mixing, MARGIN, lambda: 1 << 30):
        worst = max(worst, float(np.abs(strip - whole[row : row + len(strip)]).max()))
        row += len(strip)
    if row != len(pixels):
        sys.exit(f"strips have {row} rows, the picture {len(pixels)}")
    print(
        f"\n{pixels.shape[1]} x {pixels.shape[0]} in float32, strips against at once: differ by {worst * 255:.4f} / 255"
    )


if __name__ == "__main__":
    main()
