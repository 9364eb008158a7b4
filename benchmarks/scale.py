"""Print what a very large collection needs: machines, hours, bytes, requests and money, and what holds it up.

    python benchmarks/scale.py [PHOTO] [--size 1024] [--pictures 1e9] [--machines 200] [--cores 64] ...

First the costs of one photo are measured here, on one core; then a run on tars is played through event by event: each
core takes a tar, machines fail at a rate and their tars go on elsewhere from their last part.  Prices and the rest of
the cluster are parameters, and are printed.
"""

import argparse
import heapq
import io
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

import impasto
from impasto.batch.config import BatchOptions
from impasto.batch.ledger import Ledger, Record
from impasto.batch.recipe import Recipe
from impasto.batch.sinks import PART
from impasto.batch.sources import chunked, find
from impasto.batch.store import Store
from impasto.evaluation.machine import heading
from impasto.image import encode, read, resize, to_eight_bits
from impasto.runtime.session import Session


@dataclass(frozen=True)
class Costs:
    """Seconds of one core, and bytes, for one photo; compile: where its size is new; chunk: of the ledger, for each
    chunk or part; hand_out: of the driver, for each file that it lists.
    """

    decode: float
    paint: float
    encode: float
    compile: float
    read: int
    written: int
    chunk: float
    hand_out: float


def main() -> None:
    options = parsed()
    costs = measured(options)
    print(heading())
    print_costs(costs, options)
    given = {name.replace("_", " "): value for name, value in vars(options).items() if isinstance(value, (int, float))}
    print("\nGiven: " + ", ".join(f"{name} {value:g}" for name, value in given.items()) + ".\n")
    heads = ("photos of a new size", "hours", "core hours", "cores busy", "photos painted twice", "network", "writes")
    print(f"| {' | '.join(heads)} | a million photos cost | of it cores |\n{'| --- ' * 9}|")
    for share in options.new_sizes:
        print(row(costs, options, share))
    bytes_in, bytes_out = options.pictures * costs.read, options.pictures * costs.written
    print(f"\nMoved: {bytes_in / 1e12:,.0f} TB in, {bytes_out / 1e12:,.0f} TB out.")
    files = options.pictures * costs.hand_out / 3600
    tars = options.pictures / options.per_tar * costs.hand_out
    print(f"Handing out takes the driver {files:,.1f} hours for files of their own, {tars:.0f} s for tars.")


def parsed():
    """Return the command line's options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("photo", nargs="?", default="examples/astronaut.jpg")
    add("--size", type=int, default=1024, help="px of a side of the photos")
    add("--runs", type=int, default=10, help="photos that are measured")
    add("--model", default="main")
    add("--pictures", type=float, default=1e9)
    add("--new-sizes", type=float, nargs="+", default=[0.0, 0.05, 1.0], help="parts of the photos whose size is new")
    add("--per-tar", type=int, default=10_000)
    add("--machines", type=int, default=200)
    add("--cores", type=int, default=64, help="of a machine")
    add("--failures", type=float, default=0.01, help="of a machine, an hour")
    add("--start", type=float, default=120.0, help="seconds until a new machine paints")
    add("--network", type=float, default=1.25e9, help="bytes a second of a machine")
    add("--requests", type=float, default=3500.0, help="writes a second that the store takes")
    add("--core-price", type=float, default=0.04, help="of a core an hour")
    add("--put-price", type=float, default=5e-6, help="of a write")
    add("--get-price", type=float, default=4e-7, help="of a read")
    return parser.parse_args()


def print_costs(costs, options):
    """Print what one photo costs."""
    print(f"\nOne photo of {options.size} x {options.size} px on one core, medians of {options.runs}:\n")
    print("| | |\n| --- | --- |")
    for what, seconds in (("decode", costs.decode), ("paint", costs.paint), ("encode", costs.encode)):
        print(f"| {what} | {seconds * 1e3:.1f} ms |")
    print(f"| compile for a new size | {costs.compile * 1e3:.0f} ms |")
    print(f"| ledger, each chunk or part | {costs.chunk * 1e3:.1f} ms |")
    print(f"| hand out, each file that the driver lists | {costs.hand_out * 1e6:.0f} us |")
    print(f"| bytes in, out | {costs.read / 1e3:.0f} kB, {costs.written / 1e3:.0f} kB |")


def measured(options):
    """Return the costs of one photo, on one core."""
    photos = parts(options.photo, options.runs, options.size)
    stylizer = impasto.load("starry-night", model=options.model)
    stylizer.session = Session.open(stylizer.session.network, threads=1)
    began = time.perf_counter()
    stylizer.paint(read(photos[0]))
    first = time.perf_counter() - began
    seconds = {"decode": [], "paint": [], "encode": []}
    written = []
    for data in photos:
        began = time.perf_counter()
        photo = read(data)
        decoded = time.perf_counter()
        painted = stylizer.paint(photo)
        done = time.perf_counter()
        written.append(len(encode(painted, "JPEG")))
        for name, each in zip(seconds, (decoded - began, done - decoded, time.perf_counter() - done), strict=True):
            seconds[name].append(each)
    middle = {name: median(each) for name, each in seconds.items()}
    compiling = max(0.0, first - middle["decode"] - middle["paint"])
    chunk, hand_out = bookkeeping(Recipe.of(stylizer))
    sizes = {"read": round(median(map(len, photos))), "written": round(median(written))}
    return Costs(**middle, **sizes, compile=compiling, chunk=chunk, hand_out=hand_out)


def parts(photo, count, size):
    """Return different parts of a photo as JPEGs."""
    pixels = resize(to_eight_bits(read(photo).pixels), (size + count, size + count))
    found = []
    for number in range(count):
        buffer = io.BytesIO()
        Image.fromarray(pixels[number : number + size, number : number + size]).save(buffer, "JPEG", quality=92)
        found.append(buffer.getvalue())
    return found


def bookkeeping(recipe, chunks=50, rows=20_000):
    """Return the seconds of the ledger for a chunk, and of the driver for a row of a table."""
    with TemporaryDirectory() as scratch:
        store = Store.open(f"{scratch}/out")
        ledger = Ledger(store)
        ledger.open({})
        began = time.perf_counter()
        for number in range(chunks):
            ledger.begin(str(number))
            ledger.finish(Record(str(number), painted=PART))
        chunk = (time.perf_counter() - began) / chunks
        table = Path(scratch, "photos.csv")
        table.write_text("path\n" + "".join(f"photos/{number:09d}.jpg\n" for number in range(rows)))
        began = time.perf_counter()
        found = find(str(table), store, BatchOptions(), lambda _: recipe, styled=True)
        listed = sum(len(each.entries) for each in chunked(found, PART) if each.id)
        return chunk, (time.perf_counter() - began) / listed


def row(costs, options, share):
    """Return a line of the table: a run in which this part of the photos has sizes of their own."""
    a_photo = costs.decode + costs.paint + costs.encode + costs.chunk / PART + share * costs.compile
    tars = int(options.pictures / options.per_tar)
    cores = options.machines * options.cores
    seconds, again = played(tars, options.per_tar, a_photo, options)
    core_hours = seconds * cores / 3600
    busy = tars * options.per_tar * a_photo / (seconds * cores)
    network = options.cores * (costs.read + costs.written) / a_photo / options.network
    writes_a_tar = 2 + options.per_tar / PART + 2  # begun, parts, the tar, done
    writes = cores * writes_a_tar / (options.per_tar * a_photo) / options.requests
    reads_a_tar = 2 + options.per_tar / PART
    store = tars * (writes_a_tar * options.put_price + reads_a_tar * options.get_price)
    money = core_hours * options.core_price
    million = (money + store) / options.pictures * 1e6
    return (
        f"| {share:.0%} | {seconds / 3600:,.1f} | {core_hours:,.0f} | {busy:.1%} | {again / options.pictures:.4%} "
        f"| {network:.1%} | {writes:.1%} | {million:,.2f} | {money / (money + store):.1%} |"
    )


def played(tars, per_tar, a_photo, options):
    """Return the seconds of a run, and how many photos were painted twice in it, by playing it through.

    Each core takes the next tar; a machine's failure costs each of its cores what its tar had since its last part, and
    the start of a new machine.
    """
    rng = np.random.default_rng(0)
    failure = options.failures / 3600
    free = [(0.0, machine) for machine in range(options.machines) for _ in range(options.cores)]
    fails = rng.exponential(1 / failure, options.machines) if failure else np.full(options.machines, np.inf)
    waiting, again, end = [per_tar] * tars, 0, 0.0
    while waiting:
        now, machine = heapq.heappop(free)
        left = waiting.pop()
        done = now + left * a_photo
        if now <= fails[machine] < done:
            painted = int((fails[machine] - now) / a_photo)
            again += painted % PART
            waiting.append(left - painted // PART * PART)
            done = fails[machine] + options.start
        elif fails[machine] < now:
            fails[machine] = now + rng.exponential(1 / failure)
            heapq.heappush(free, (now, machine))
            waiting.append(left)
            continue
        heapq.heappush(free, (done, machine))
        end = max(end, done)
    return end, again


if __name__ == "__main__":
    main()
