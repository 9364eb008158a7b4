"""Print what `impasto train --auto` does: the same paintings, photos and steps, with and without.

    python benchmarks/auto.py --paintings FILE... --data PHOTOS --photos DIR --output DIR [--steps 500] [--size 128]

One network learns all paintings at once, in either way.  With one style weight for all, some paintings cost more of the
photo than others; how alike they are is said by the largest content distance over the smallest.  Runs in --output that
are finished are not made again.
"""

import argparse
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from statistics import median

from schedule import finished, painter

from impasto.batch.jobs import find
from impasto.evaluation.machine import heading
from impasto.evaluation.quality import measure, spread
from impasto.perceptual.criterion import PerceptualCriterion
from impasto.perceptual.weights import load_vgg19
from impasto.training.config import TrainConfig

WAYS = {"one weight": False, "--auto": True}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--paintings", nargs="+", required=True)
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--photos", required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--network", default="impasto:channels=16,blocks=4")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--limit", type=int, default=8, help="photos to judge on")
    options = parser.parse_args()
    common = TrainConfig(
        style=tuple(options.paintings),
        data=tuple(options.data),
        network=options.network,
        steps=options.steps,
        size=(options.size,),
        batch_size=(4,),
        share=(1.0,),
        between_weight=0.0,
    )
    photos = spread([str(photo) for photo in find([options.photos])], options.limit)
    criterion = PerceptualCriterion(load_vgg19())
    found = {}
    for way, auto in WAYS.items():
        trained = finished(way.strip("-").replace(" ", "-"), [replace(common, auto=auto)], options.output)
        found[way] = distances(criterion, trained, options.paintings, photos)
    print(f"{heading()}\n{options.steps} steps at {options.size} px, {len(photos)} photos, medians\n")
    print("| painting |" + "".join(f" {way}: content | style |" for way in WAYS) + "\n" + "| --- " * 5 + "|")
    for painting in found["--auto"]:
        cells = [f"{value:.3f}" for way in WAYS for value in found[way][painting]]
        print(f"| {painting} | {' | '.join(cells)} |")
    columns = [list(zip(*found[way].values(), strict=True)) for way in WAYS]
    ratios = [f"{max(column) / min(column):.2f}" for way in columns for column in way]
    print(f"| largest over smallest | {' | '.join(ratios)} |")


def distances(criterion, trained, paintings, photos):
    """Return {painting: (content distance, style distance)}, medians over photos."""
    painters = {Path(file).stem: (painter(trained, Path(file).stem), file) for file in paintings}
    measured = defaultdict(list)
    for each in measure(criterion, painters, photos):
        measured[each.style].append((each.content_distance, each.style_distance))
    return {name: tuple(median(column) for column in zip(*values, strict=True)) for name, values in measured.items()}


if __name__ == "__main__":
    main()
