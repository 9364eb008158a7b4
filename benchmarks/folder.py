"""Print how near painting a folder of photos comes to the painting alone.

    python benchmarks/folder.py FOLDER|ZIP [--limit 300] [--rounds 2]

Photos of mixed sizes are painted by the bundled network twice: as `impasto stylize FOLDER` does it, with reading and
writing beside the painting, and from pixels that are at hand to pixels.  Each in a process of its own, in turns.
"""

import argparse
import io
import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from impasto.batch.jobs import plan
from impasto.batch.local import paint_all
from impasto.data import open_sources
from impasto.evaluation.machine import heading
from impasto.image import read
from impasto.memory import peak_bytes

SIDES = (400, 640, 800, 1024, 1280)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos")
    parser.add_argument("--limit", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--as", dest="way", choices=("folder", "bare"))
    options = parser.parse_args()
    if options.way:
        print(json.dumps(folder(options.photos) if options.way == "folder" else bare(options.photos)))
        return
    with TemporaryDirectory() as scratch:
        copies(options.photos, options.limit, Path(scratch) / "photos")
        found = {"bare": [], "folder": []}
        for _ in range(options.rounds):
            for way, each in found.items():
                command = [sys.executable, __file__, f"{scratch}/photos", "--as", way]
                each.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    print(heading())
    pixels = found["bare"][0]["pixels"]
    print(f"{options.limit} JPEGs of mixed sizes, {pixels / 1e6:.0f} megapixels, medians of {options.rounds} rounds\n")
    print("| | seconds | megapixels/s | of bare | peak memory, GB |\n| --- | --- | --- | --- | --- |")
    rates = {way: median(pixels / each["seconds"] for each in runs) for way, runs in found.items()}
    for way, rate in rates.items():
        memory = max(each["memory"] for each in found[way]) / 2**30
        print(f"| {way} | {pixels / rate:.1f} | {rate / 1e6:.2f} | {rate / rates['bare']:.0%} | {memory:.2f} |")


def copies(photos, limit, folder):
    """Write photos in several sizes, every third upright, as JPEGs."""
    from PIL import Image

    source = open_sources((photos,))
    folder.mkdir()
    for index in range(limit):
        picture = Image.open(io.BytesIO(source.read(index % len(source)))).convert("RGB")
        again = index // len(source)
        picture.thumbnail((SIDES[(index + again) % len(SIDES)] - 8 * again,) * 2)
        (picture.rotate(90, expand=True) if index % 3 == 0 else picture).save(folder / f"{index:04d}.jpg", quality=92)


def stylizer():
    import impasto

    return impasto.load("starry-night")


def bare(photos):
    """Return what painting takes alone; the photos are at hand."""
    pictures = [read(file) for file in sorted(Path(photos).iterdir())]
    painter = stylizer()
    began = time.perf_counter()
    for picture in pictures:
        painter.paint(picture)
    return _figures(pictures, began)


def folder(photos):
    """Return what painting takes from files to files."""
    with TemporaryDirectory() as output:
        jobs = plan([photos], output, "painted")
        painter = stylizer()
        began = time.perf_counter()
        outcomes = list(paint_all(jobs, painter))
        return _figures(outcomes, began)


def _figures(pictures, began):
    seconds = time.perf_counter() - began
    return {
        "seconds": seconds,
        "pixels": sum(picture.size[0] * picture.size[1] for picture in pictures),
        "memory": peak_bytes(),
    }


if __name__ == "__main__":
    main()
