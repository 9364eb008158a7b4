"""Draw the objective against the iterations of Gatys' method, the network as a line: Johnson et al. 2016, figure 5.

    python benchmarks/iterations.py --photos DIR --paintings DIR -o FOLDER [--size 256 512 1024:100] [--pairs 6]

Needs matplotlib.  At each size it is `impasto evaluate` (its objective, plain L-BFGS from white noise) into
FOLDER/SIZE, where Gatys' pictures and curves, which take hours, are found again; then the table and FOLDER/figure.png.
1024:100 ends after 100 iterations, as each takes seconds there.
"""

import argparse
from pathlib import Path
from statistics import median

from impasto.batch.jobs import find
from impasto.evaluation.config import EvaluateConfig
from impasto.evaluation.evaluate import Evaluation, evaluate
from impasto.evaluation.judge import Judgement
from impasto.evaluation.machine import heading
from impasto.evaluation.report import write_report

SHOWN = (50, 100, 200, 300, 500)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", required=True)
    parser.add_argument("--paintings", required=True)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--size", type=sized, nargs="+", default=[(256, 0), (512, 0), (1024, 0)], metavar="PX[:MOST]")
    parser.add_argument("--iterations", type=int, nargs="+", default=[100, 500])
    parser.add_argument("--pairs", type=int, default=6)
    parser.add_argument("--model", default="main")
    parser.add_argument("--precision", default="auto", help="of VGG-19 in the optimisation")
    options = parser.parse_args()
    photos, paintings = ([str(file) for file in find([folder])] for folder in (options.photos, options.paintings))
    print(f"{heading()}\n{options.pairs} pairs, medians; worth: of each pair, lowest to highest\n")
    sizes = {size: most or max(options.iterations) for size, most in options.size}
    shown = [number for number in SHOWN if number <= max(sizes.values())]
    print(f"| px | the photo | the network | worth | {' | '.join(f'after {number}' for number in shown)} |")
    print("| --- " * (4 + len(shown)) + "|", flush=True)
    drawn = {}
    for size, most in sizes.items():
        gatys = (*(number for number in options.iterations if number < most), most)
        config = EvaluateConfig(size=size, pairs=options.pairs, gatys=gatys, precision=options.precision)
        folder = options.output / str(size)
        found = evaluate([options.model], photos, paintings, config, folder=folder)
        write_report(found, folder)
        curve = [median(values) for values in zip(*found.curves.values(), strict=True)]
        photo, network = (median(objectives(found, row)) for row in (found.rows[0], found.rows[-1]))
        worth = sorted(each.worth for each in of(found, found.rows[-1]))
        drawn[size] = curve, photo, network
        cells = [f"{value:.2f}" for value in (photo, network)] + [f"{median(worth):.0f} ({worth[0]}-{worth[-1]})"]
        cells += [f"{curve[number]:.2f}" if number <= most else "" for number in shown]
        print(f"| {size} | {' | '.join(cells)} |", flush=True)
        draw(drawn, options.output / "figure.png")


def sized(text):
    """Return the px and the most iterations, 0 for all, that PX or PX:MOST says."""
    size, _, most = text.partition(":")
    return int(size), int(most or 0)


def of(found: Evaluation, row: str) -> list[Judgement]:
    """Return the judgements of a row."""
    return [each for each in found.judgements if each.painter == row]


def objectives(found: Evaluation, row: str) -> list[float]:
    """Return the objective of each of a row's pictures."""
    return [each.objective(found.config.style_weight, found.config.tv_weight) for each in of(found, row)]


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
    panels[0].set_ylabel("objective")
    panels[0].legend()
    figure.savefig(output, dpi=120)


if __name__ == "__main__":
    main()
