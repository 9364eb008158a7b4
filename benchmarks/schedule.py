"""Print what a schedule of the style weight does: the same painting, photos and steps, learned in three ways.

    python benchmarks/schedule.py --painting FILE --data PHOTOS --photos DIR --output DIR [--steps 600] [--weight 10]

"high" has the whole style weight from the first step on, "ramp" lets it rise (`--style-ramp`), and "again" trains half
of the steps with a third of the weight and then the other half, from that network, with all of it (`--base`).  Runs in
--output that are finished are not made again; sheet.jpg in it shows what each paints.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from impasto.batch.jobs import find
from impasto.evaluation.machine import heading
from impasto.evaluation.quality import measure, pixels_of, spread, summarise, tensor_of
from impasto.image import Picture, contact_sheet, to_integers, write
from impasto.perceptual.criterion import PerceptualCriterion
from impasto.perceptual.weights import load_vgg19
from impasto.training import run
from impasto.training.config import TrainConfig
from impasto.training.state import CHECKPOINT

SHOWN = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--painting", required=True)
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--photos", required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--weight", type=float, default=10.0)
    parser.add_argument("--size", type=int, nargs="+", default=[128, 256])
    parser.add_argument("--limit", type=int, default=10, help="photos to judge on")
    options = parser.parse_args()
    made = {name: finished(name, runs, options.output) for name, runs in ways_of(options).items()}
    photos = spread([str(photo) for photo in find([options.photos])], options.limit)
    criterion = PerceptualCriterion(load_vgg19())
    print(heading())
    style = Path(options.painting).stem
    print(f"{style}, {options.steps} steps, {len(photos)} photos, medians\n")
    print(f"| way | content | style | content + {options.weight:g} style |\n| --- | --- | --- | --- |")
    for name, trained in made.items():
        found = list(measure(criterion, {name: (painter(trained, style), options.painting)}, photos))
        objective = np.median([each.content_distance + options.weight * each.style_distance for each in found])
        row = summarise(found)
        print(f"| {name} | {row.content:.3f} | {row.style:.4f} | {objective:.3f} |", flush=True)
    shown = [pixels_of(photo, 384) for photo in spread(photos, SHOWN)]
    tiles = [(name, painter(trained, style)(pixels)) for pixels in shown for name, trained in made.items()]
    write(Picture(contact_sheet(tiles, columns=len(made))), options.output / "sheet.jpg", quality=88)


def ways_of(options) -> dict[str, list[TrainConfig]]:
    """Return the runs of each way, one after the other."""
    ramp = TrainConfig(
        style=(options.painting,),
        data=tuple(options.data),
        steps=options.steps,
        size=tuple(options.size),
        style_weight=options.weight,
    )
    high, half = replace(ramp, style_start=1.0, style_ramp=0.0), options.steps // 2
    first = replace(high, steps=half, style_weight=options.weight / 3)
    return {"high": [high], "ramp": [ramp], "again": [first, replace(high, steps=options.steps - half)]}


def finished(name: str, runs: list[TrainConfig], output: Path) -> run.Trained:
    """Return what the last of some runs makes, each of which goes on from the one before."""
    base = ""
    for number, config in enumerate(runs, 1):
        folder = output / f"{name}-{number}"
        if (folder / CHECKPOINT).exists():
            trained = run.resume(folder)
        else:
            trained = run.begin(replace(config, output=str(folder), base=base))
        base = str(folder)
    return trained


def painter(trained: run.Trained, style: str):
    """Return what paints (H, W, 3) uint8 pixels in a style with the network as it was trained."""
    net, vector = trained.net.eval(), trained.vectors[style][None]

    @torch.inference_mode()
    def paint(pixels):
        height, width, _ = pixels.shape
        more = [(0, -side % net.stride) for side in (height, width)]
        padded = np.pad(pixels, [*more, (0, 0)], mode="edge")
        painted = net(tensor_of(padded), vector)[0, :, :height, :width].clamp(0, 1)
        return to_integers(np.ascontiguousarray(painted.permute(1, 2, 0).numpy()))

    return paint


if __name__ == "__main__":
    main()
