"""Print how near each core of a batch comes to one process that paints alone.

    python benchmarks/batch.py [PHOTO] [--photos 200] [--size 512] [--ray]

JPEGs of one size, parts of PHOTO, are painted from folder to folder: as `impasto stylize FOLDER` does it, by one
process with one core, by one process a core as `impasto batch` does it, and likewise on a Ray cluster of this machine.
Each way runs in a process of its own, one after the other.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import impasto
from impasto.batch.config import BatchOptions
from impasto.batch.jobs import plan
from impasto.batch.ledger import Ledger
from impasto.batch.local import paint_all
from impasto.batch.recipe import Recipe
from impasto.batch.run import batch
from impasto.batch.store import Store
from impasto.evaluation.machine import heading
from impasto.image import read, resize, to_eight_bits

CORES = os.cpu_count() or 1
WAYS = {
    "stylize, one process with all cores": CORES,
    "batch, one process with one core": 1,
    "batch, one process a core": CORES,
    "batch --ray, one actor a core": CORES,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", nargs="?", default="examples/astronaut.jpg")
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--ray", action="store_true")
    parser.add_argument("--as", dest="way")
    options = parser.parse_args()
    if options.way:
        print(json.dumps(painted(options.photo, options.way)))
        return
    with TemporaryDirectory() as scratch:
        pieces(options.photo, options.photos, options.size, Path(scratch))
        ways = [way for way in WAYS if options.ray or "ray" not in way]
        found = {way: in_its_own_process(scratch, way) for way in ways}
    print(heading())
    print(f"{options.photos} JPEGs of {options.size} x {options.size} px, from folder to folder\n")
    print("| way | cores | seconds | of them starting | photos/s | photos/s a core, running | of stylize |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    first = next(iter(found.values()))["rate"] / CORES
    for way, each in found.items():
        a_core = each["rate"] / WAYS[way]
        whole = options.photos / each["seconds"]
        starting = each["seconds"] - options.photos / each["rate"]
        print(
            f"| {way} | {WAYS[way]} | {each['seconds']:.1f} | {starting:.1f} | {whole:.2f} | {a_core:.3f} "
            f"| {a_core / first:.0%} |"
        )


def pieces(photo, count, size, folder):
    """Write different parts of a photo."""
    from PIL import Image

    pixels = to_eight_bits(read(photo).pixels)
    pixels = resize(pixels, (size + 64, size + 64))
    rng = np.random.default_rng(0)
    for number in range(count):
        down, across = rng.integers(0, 64, 2)
        part = Image.fromarray(pixels[down : down + size, across : across + size])
        part.save(folder / f"{number:05d}.jpg", quality=92)


def in_its_own_process(photos, way):
    done = subprocess.run([sys.executable, __file__, photos, "--as", way], check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def painted(photos, way):
    """Return the seconds that painting a folder takes, and the photos a second of all processes while they paint."""
    with TemporaryDirectory() as output:
        stylizer = impasto.load("starry-night")
        began = time.perf_counter()
        if way.startswith("stylize"):
            count = sum(1 for _ in paint_all(plan([photos], output, "x"), stylizer))
            seconds = time.perf_counter() - began
            return {"seconds": seconds, "rate": count / seconds}
        recipe = Recipe.of(stylizer)
        workers = WAYS[way] if WAYS[way] > 1 else None
        if workers is None:
            os.sched_setaffinity(0, [0])
        batch(
            photos,
            output,
            recipe,
            lambda _: recipe,
            BatchOptions(workers=workers),
            ray="auto" if "ray" in way else None,
        )
        seconds = time.perf_counter() - began
        ledger = Ledger(Store.open(output))
        records = ledger.records(ledger.done())
        busy = sum(record.seconds for record in records) / WAYS[way]
        return {"seconds": seconds, "rate": sum(record.painted for record in records) / busy}


if __name__ == "__main__":
    main()
