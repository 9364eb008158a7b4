"""Print how near a fitted style comes to the same painting trained into the network, on photos that neither has seen.

    python benchmarks/fit.py --paintings FILE... --photos DIR --trained MODEL [--budget 3m] [--model MODEL] [--limit N]

MODEL is the folder of a finished `impasto train --base bundled --style FILE...` of the same paintings, on which the
bundled network must not have been trained: configs/left-out.toml is that run.
"""

import argparse
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import impasto
from impasto.batch.jobs import find
from impasto.evaluation.machine import heading
from impasto.evaluation.quality import Summary, measure, spread, summarise
from impasto.model import network_of
from impasto.perceptual.criterion import PerceptualCriterion
from impasto.perceptual.weights import load_vgg19


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--paintings", type=Path, nargs="+", required=True)
    parser.add_argument("--photos", required=True)
    parser.add_argument("--trained", type=Path, required=True)
    parser.add_argument("--budget", nargs="+", default=["3m"])
    parser.add_argument("--model", type=network_of, default=network_of())
    parser.add_argument("--limit", type=int, default=0)
    options = parser.parse_args()
    photos = spread([str(photo) for photo in find([options.photos])], options.limit)
    ratios: dict[str, list[tuple[float, float]]] = {budget: [] for budget in options.budget}
    criterion = PerceptualCriterion(load_vgg19())
    print(heading())
    print(f"{len(photos)} photos, medians; ratios are to the same painting trained into the network\n")
    print("| painting | way | seconds | content | style | content ratio | style ratio |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for painting in options.paintings:
        trained = quality(criterion, options.trained / "styles" / f"{painting.stem}.style", painting, photos)
        row(painting.stem, "trained in", "", trained, trained)
        for budget in options.budget:
            with TemporaryDirectory() as scratch:
                file = Path(scratch) / f"{painting.stem}.style"
                began = time.perf_counter()
                impasto.fit(painting, file, model=options.model, budget=budget)
                seconds = time.perf_counter() - began
                fitted = quality(criterion, file, painting, photos, options.model)
            row(painting.stem, f"fitted, {budget}", f"{seconds:.0f}", fitted, trained)
            ratios[budget].append((fitted.content / trained.content, fitted.style / trained.style))
    for budget, each in ratios.items():
        content, style = (median(column) for column in zip(*each, strict=True))
        print(f"| median | fitted, {budget} | | | | {content:.2f} | {style:.2f} |")


def quality(
    criterion: PerceptualCriterion, style: Path, painting: Path, photos: list[str], network: Path | None = None
) -> Summary:
    stylizer = impasto.load(style, model=network)
    return summarise(list(measure(criterion, {style.stem: (stylizer, str(painting))}, photos)))


def row(painting: str, way: str, seconds: str, one: Summary, trained: Summary) -> None:
    ratios = f"{one.content / trained.content:.2f} | {one.style / trained.style:.2f}"
    print(f"| {painting} | {way} | {seconds} | {one.content:.2f} | {one.style:.3f} | {ratios} |", flush=True)


if __name__ == "__main__":
    main()
