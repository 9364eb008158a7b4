"""Fit bundled styles on from what they are, the network as it is.

    python scripts/refine.py NAME... --paintings FOLDER --photos FOLDER|ZIP [--steps 150]

To run after scripts/bundle.py: styles learn a mixing beside their vectors, which the training does not.  Credits stay.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from impasto.model import MODELS, find_style, read_style, write_style
from impasto.model.bundled import style_paths
from impasto.training.config import FitConfig
from impasto.training.fit import StyleFit


def main() -> None:
    """Write each style anew and print how its loss fell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="+")
    parser.add_argument("--paintings", type=Path, required=True)
    parser.add_argument("--photos", required=True)
    parser.add_argument("--steps", type=int, default=150)
    options = parser.parse_args()
    config = FitConfig(
        photos=(options.photos,), steps=options.steps, size=(256,), batch_size=(3,), style_weight=10.0, lr=4e-3
    )
    for name in (find_style(name).name for name in options.names):
        file = style_paths()[name]
        style = read_style(file)
        running = StyleFit(options.paintings / f"{name}.jpg", MODELS["main"], [style], config)
        before = running.best_loss
        for report in running.steps():
            if report.judged:
                print(f"{name}: step {report.step} of {options.steps}, {running.best_loss:.3f}", flush=True)
        write_style(replace(style, vector=running.best.vector, mixing=running.best.mixing), file)
        print(f"{name}: content + 10 style on crops {before:.3f} before, {running.best_loss:.3f} now")


if __name__ == "__main__":
    main()
