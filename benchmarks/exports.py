"""What runs where: every format in every program that is here, how near it comes to Impasto, and how fast.

    python benchmarks/exports.py [--photo PHOTO] [--runs 5] [--model main] [--format FORMAT ...]

Prints the table of docs/export.md.  Differences are those of 8-bit pictures from what Impasto's own network paints in
torch in float32, of a photo at several sizes; PSNR and seconds, which are medians, are those at 512 x 384 px.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import impasto
from impasto.evaluation.machine import heading
from impasto.export.exporting import open_model
from impasto.export.formats import FORMS, Run
from impasto.export.parity import Painted
from impasto.image import read, resize, to_float

PHOTO = Path(__file__).parent.parent / "examples" / "astronaut.jpg"
SIZES = ((1, 1), (67, 101), (384, 512), (601, 799))
SPEED = (384, 512)
STYLE = "van-gogh-starry-night"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photo", type=Path, default=PHOTO)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--model", default="main")
    parser.add_argument("--format", choices=list(FORMS), nargs="+", default=list(FORMS), dest="formats")
    options = parser.parse_args()
    opened = open_model(options.model)
    style = impasto.find_style(STYLE, model=options.model)
    pixels = read(options.photo).pixels
    photos = {size: to_float(resize(pixels, size)) for size in SIZES}
    paintings = {size: Painted(opened.net, style, 1.0, opened.identity)(photo) for size, photo in photos.items()}
    given = {"style": style.vector[None], "strength": np.ones(1, np.float32)}
    sizes = ", ".join(f"{width} x {height}" for height, width in SIZES)
    print(f"{heading()}; {options.model}, {STYLE}; {sizes} px\n")
    print("| format | precision | kB | program | largest difference, levels | PSNR, dB | seconds |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for form, precision in product(options.formats, ("f32", "f16")):
            target = Path(folder) / f"painter{FORMS[form].suffix}"
            paths = impasto.export_network(options.model, target, format=form, precision=precision).paths
            size = sum(path.stat().st_size for path in paths) / 1000
            for program, run in programs(form, target):
                worst, decibels = compare(run, photos, paintings, given)
                seconds = timed(run, {"picture": planes(photos[SPEED]), **given}, options.runs)
                print(
                    f"| {form} | {precision} | {size:.0f} | {program} | {worst} | {decibels:.0f} | {seconds:.3f} |",
                    flush=True,
                )


def programs(form: str, path: Path) -> Iterator[tuple[str, Run]]:
    """Yield what runs a format here, by its name."""
    for name, opened in FORMS[form].runtimes.items():
        yield (f"{name}, f32" if name == "OpenVINO" else name), opened(path)
    if form in ("onnx", "openvino"):
        yield "OpenVINO, its own choice", by_openvino(path)


def by_openvino(path: Path) -> Run:
    """Open a file as OpenVINO does when it is told nothing, compiled for each size."""
    import openvino as ov

    core, compiled = ov.Core(), {}

    def run(inputs: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
        shape = inputs["picture"].shape
        if shape not in compiled:
            model = core.read_model(path)
            model.reshape({name: list(value.shape) for name, value in inputs.items()})
            compiled[shape] = core.compile_model(model, "CPU")
        painting: NDArray[np.float32] = compiled[shape](dict(inputs))[0]
        return painting

    return run


def planes(photo: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (H, W, 3) as (1, 3, H, W)."""
    return np.ascontiguousarray(photo.transpose(2, 0, 1)[None])


def compare(run: Run, photos: dict, paintings: dict, given: dict) -> tuple[int, float]:
    """Return the largest difference in levels over all sizes, and the PSNR in dB at 512 x 384 px."""
    worst, decibels = 0, np.inf
    for size, photo in photos.items():
        painting = run({"picture": planes(photo), **given})[0].transpose(1, 2, 0)
        difference = np.rint(255 * painting) - np.rint(255 * paintings[size])
        worst = max(worst, int(np.abs(difference).max()))
        if size == SPEED:
            decibels = float(10 * np.log10(255**2 / max(np.square(difference).mean(), 1e-12)))
    return worst, decibels


def timed(run: Callable, inputs: dict, runs: int) -> float:
    """Return the median seconds of runs after one that does not count."""
    run(inputs)
    seconds = []
    for _ in range(runs):
        began = time.perf_counter()
        run(inputs)
        seconds.append(time.perf_counter() - began)
    return float(np.median(seconds))


if __name__ == "__main__":
    main()
