"""Draw the objective against the iterations of Gatys' method, the network as a line: Johnson et al. 2016, figure 5.

    python benchmarks/iterations.py --photos DIR --paintings DIR -o FIGURE.png [--size 256 512 1024] [--pairs 6]

Needs matplotlib.  The objective is content + 10 style, relative distances, float32, at each size; the optimisation is
that of `impasto bench --paper`, from white noise.  Medians over pairs of a photo and a bundled style's painting, which
is found by the style's name.  A painting is worth as many iterations as reach its objective.  The curves are kept in
FIGURE.json, where they are found again: they take hours, and belong to no network.
"""

import argparse
import json
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from statistics import median

import impasto
from impasto.atomic import write_whole
from impasto.batch.jobs import find
from impasto.evaluation.gatys import Recipe, iterates
from impasto.evaluation.machine import heading
from impasto.evaluation.quality import pixels_of, tensor_of
from impasto.model import style_paths
from impasto.perceptual.criterion import PerceptualCriterion
from impasto.perceptual.weights import load_vgg19

STYLE_WEIGHT = 10.0
SHOWN = (50, 100, 200, 300, 500)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", required=True)
    parser.add_argument("--paintings", required=True)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--size", type=int, nargs="+", default=[256, 512, 1024])
    parser.add_argument("--iterations", type=int, default=500)
    parser.add_argument("--pairs", type=int, default=6)
    parser.add_argument("--model", default="main")
    parser.add_argument("--bf16", action="store_true", help="VGG-19 in bfloat16 in the optimisation")
    options = parser.parse_args()
    styles = style_paths(options.model)
    known = [path for path in find([options.paintings]) if path.stem in styles]
    photos = find([options.photos])
    count = max(options.pairs, 1)
    pairs = [(photos[n * len(photos) // count], known[n * len(known) // count]) for n in range(count)]
    criterion = PerceptualCriterion(load_vgg19())
    print(heading())
    print(f"{count} pairs, medians; worth: of each pair, lowest to highest\n")
    shown = [number for number in SHOWN if number <= options.iterations]
    print(f"| px | the photo | the network | worth | {' | '.join(f'after {number}' for number in shown)} |")
    print("| --- " * (4 + len(shown)) + "|", flush=True)
    drawn = {}
    for size in options.size:
        found = [measured(criterion, styles, pair, size, options) for pair in pairs]
        curve = [median(values) for values in zip(*(curve for *_, curve in found), strict=True)]
        photo, network = (median(each[i] for each in found) for i in (0, 1))
        worth = sorted(reached(goal, each) for _, goal, each in found)
        drawn[size] = curve, photo, network
        cells = [f"{value:.2f}" for value in (photo, network)] + [f"{median(worth):.0f} ({worth[0]}-{worth[-1]})"]
        print(f"| {size} | {' | '.join(cells + [f'{curve[number]:.2f}' for number in shown])} |", flush=True)
        draw(drawn, options.output)


def measured(criterion, styles, pair, size, options):
    """Return the objective of the photo itself and of its painting, and those after 0, 1, 2 ... iterations."""
    photo, painting = (pixels_of(str(file), size) for file in pair)
    content = criterion.content_target(tensor_of(photo))
    style = criterion.style_target(tensor_of(painting))

    def objective(pixels):
        distances = criterion(tensor_of(pixels), content, style)
        return float(distances.content + STYLE_WEIGHT * distances.style)

    def optimised() -> list[float]:
        recipe = Recipe(size, style_weight=STYLE_WEIGHT, bf16=options.bf16)
        steps = islice(iterates(criterion, tensor_of(photo), tensor_of(painting), recipe), options.iterations + 1)
        return [step.objective for step in steps]

    painted = impasto.load(styles[pair[1].stem])(photo)
    name = f"{pair[0].name} {pair[1].name} {size} px {options.iterations}{' bf16' * options.bf16}"
    return objective(photo), objective(painted), kept(options.output.with_suffix(".json"), name, optimised)


def kept(file: Path, name: str, make: Callable[[], list[float]]) -> list[float]:
    """Return what a file holds under a name; made and put there where it does not."""
    known = json.loads(file.read_text()) if file.is_file() else {}
    if name not in known:
        known[name] = make()
        write_whole(file, json.dumps(known).encode())
    return known[name]


def reached(goal: float, curve: list[float]) -> int:
    """Return after how many iterations a goal is reached; all of them where it is not."""
    return next((number for number, value in enumerate(curve) if value <= goal), len(curve) - 1)


def draw(drawn, output: Path) -> None:
    """Draw a panel for each size."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4 * len(drawn), 3.2), layout="constrained")
    panels = figure.subplots(1, len(drawn), squeeze=False)[0]
    for panel, (size, (curve, photo, network)) in zip(panels, drawn.items(), strict=True):
        panel.semilogy(curve, color="black", label="Gatys")
        panel.axhline(network, color="tab:red", label="impasto")
        panel.axhline(photo, color="tab:gray", linestyle="--", label="the photo itself")
        panel.set(title=f"{size} px", xlabel="L-BFGS iterations", ylim=(min(*curve, network) * 0.8, photo * 3))
    panels[0].set_ylabel("content + 10 style")
    panels[0].legend()
    figure.savefig(output, dpi=120)


if __name__ == "__main__":
    main()
