"""Paint the pictures of docs/optimize.md with the program itself.

    python scripts/pictures_optimize.py --photos FOLDER --paintings FOLDER [--only start losses strength control tune]

The folders hold the pictures of the names below; what is written is docs/pictures/optimize-*.jpg.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from pictures import PICTURES, scaled, sheet
from PIL import Image

import impasto
from impasto.optimizing import RegionOf, tune

LIGHTHOUSE, STARRY, LILIES, UDNIE = "kodak_21", "van-gogh-starry-night", "monet-water-lilies-1906", "picabia-udnie"
SIZE, STEPS = 256, 40
LOSSES = ("gram", "mean-deviation", "wasserstein", "histogram", "nearest")


def main() -> None:
    """Write the sheets that are asked for and print their names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--paintings", type=Path, required=True)
    parser.add_argument("--only", nargs="+", choices=SHEETS, default=list(SHEETS), metavar="NAME")
    options = parser.parse_args()
    paintings = [options.paintings / f"{name}.jpg" for name in (STARRY, LILIES, UDNIE)]
    for name in options.only:
        SHEETS[name](options.photos / f"{LIGHTHOUSE}.jpg", *paintings)


def start(photo: Path, starry: Path, lilies: Path, udnie: Path) -> None:
    """Show what the fast network paints, and what becomes of it."""
    pair = [("photo", scaled(photo, SIZE)), ("painting", scaled(starry, SIZE))]
    fast = ("impasto stylize", np.asarray(impasto.stylize(scaled(photo, SIZE), "starry-night")))
    sheet("optimize-start", [*pair, fast, ("impasto optimize", paint(photo, starry))], 4)


def losses(photo: Path, starry: Path, lilies: Path, udnie: Path) -> None:
    """Show each style loss."""
    sheet("optimize-losses", [(loss, paint(photo, starry, style_loss=loss)) for loss in LOSSES], 5)


def strength(photo: Path, starry: Path, lilies: Path, udnie: Path) -> None:
    """Show strengths across for two paintings."""
    tiles = [
        (f"{value}", paint(photo, painting, style_strength=value))
        for painting in (starry, udnie)
        for value in (0.1, 0.3, 0.5, 0.7, 0.9)
    ]
    sheet("optimize-strength", tiles, 5)


def control(photo: Path, starry: Path, lilies: Path, udnie: Path) -> None:
    """Show what says what goes where."""
    tiles = [
        ("--color match", paint(photo, udnie, color="match")),
        ("--color luminance", paint(photo, udnie, color="luminance")),
        ("--edge-weight 1", paint(photo, udnie, edge_weight=1.0)),
        ("--semantic auto", paint(photo, starry, semantic="auto")),
        ("half like each", halves(photo, starry, udnie)),
        ("fine strokes of Starry Night", paint(photo, lilies, fine=str(starry))),
        ("a mix of two", paint(photo, [starry, lilies])),
        ("--stroke 2", paint(photo, starry, stroke=2.0)),
    ]
    sheet("optimize-control", tiles, 4)


def tuned(photo: Path, starry: Path, lilies: Path, udnie: Path) -> None:
    """Show what --tune 6 writes."""
    with TemporaryDirectory() as scratch:
        tune(photo, starry, Path(scratch) / "tune.png", count=6)
        Image.open(Path(scratch) / "tune.png").convert("RGB").save(PICTURES / "optimize-tune.jpg", quality=80)
    print("optimize-tune")


SHEETS = {"start": start, "losses": losses, "strength": strength, "control": control, "tune": tuned}


def paint(photo: Path, painting: object, **options: object) -> np.ndarray:
    """Return the painted pixels."""
    return impasto.optimize(photo, painting, size=SIZE, steps=STEPS, **options).pixels


def halves(photo: Path, left: Path, right: Path) -> np.ndarray:
    """Return the photo painted like one painting, and to the right like another."""
    with TemporaryDirectory() as scratch:
        mask = Path(scratch) / "right.png"
        pixels = np.zeros((100, 150), np.uint8)
        pixels[:, 75:] = 255
        Image.fromarray(pixels).save(mask)
        return paint(photo, left, regions=[RegionOf(str(mask), str(right))])


if __name__ == "__main__":
    main()
