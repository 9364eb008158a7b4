"""Export a training run as a network with its styles that comes with Impasto.

    python scripts/bundle.py RUN --paintings FOLDER [--model main]

Only the styles that configs/gallery.credits.toml names are written; those of an earlier bundle go.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import tomllib

from impasto.export import write_model
from impasto.model import IDENTITY, Credits
from impasto.model.bundled import MODELS
from impasto.perceptual.criterion import PerceptualCriterion
from impasto.perceptual.paintings import sketch_painting
from impasto.perceptual.weights import load_vgg19
from impasto.training.run import trained

CREDITS = Path(__file__).parent.parent / "configs" / "gallery.credits.toml"
LICENCE = "public domain painting; style file MIT"


def main() -> None:
    """Write the assets and print their sizes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--paintings", type=Path, required=True)
    parser.add_argument("--model", choices=list(MODELS), default="main")
    options = parser.parse_args()
    known = tomllib.loads(CREDITS.read_text("utf-8"))
    credits_ = {name: Credits(**facts, licence=LICENCE) for name, facts in known.items()}
    run = trained(options.run)
    kept = {name: vector for name, vector in run.vectors.items() if name in credits_ or name == IDENTITY}
    if missing := set(credits_) - set(kept):
        sys.exit(f"{options.run} has no style {', '.join(sorted(missing))}, which {CREDITS.name} names")
    criterion = PerceptualCriterion(load_vgg19())
    files = {name: str(options.paintings / f"{name}.jpg") for name in credits_}
    sketches = {name: sketch_painting(file, criterion) for name, file in files.items()}
    folder = MODELS[options.model].parent
    written = write_model(replace(run, vectors=kept, sketches=sketches), folder, credits_=credits_)
    for path in written:
        print(f"{path.relative_to(folder)}  {path.stat().st_size / 1000:.0f} kB")
    for old in set((folder / "styles").glob("*.style")) - set(written):
        old.unlink()


if __name__ == "__main__":
    main()
