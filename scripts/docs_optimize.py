"""Paint the pictures of docs/optimize.md with the program itself.

    python scripts/docs_optimize.py --photos FOLDER --paintings FOLDER

The folders hold the pictures of the names below; what is written is docs/pictures/optimize-*.jpg.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from docs import PICTURES, scaled, sheet
from PIL import Image

import impasto
from impasto.optimizing import RegionOf, tune

LIGHTHOUSE, STARRY, LILIES, UDNIE = "kodak_21", "van-gogh-starry-night", "monet-water-lilies-1906", "picabia-udnie"
SIZE, STEPS = 288, 50
LOSSES = ("gram", "mean-deviation", "wasserstein", "histogram", "nearest")


def main() -> None:
    """Write each sheet and print its name."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--paintings", type=Path, required=True)
    options = parser.parse_args()
    photo = options.photos / f"{LIGHTHOUSE}.jpg"
    starry, lilies, udnie = (options.paintings / f"{name}.jpg" for name in (STARRY, LILIES, UDNIE))
    pair = [("photo", scaled(photo, SIZE)), ("painting", scaled(starry, SIZE))]
    fast = ("impasto stylize", np.asarray(impasto.stylize(scaled(photo, SIZE), "starry-night")))
    sheet("optimize-start", [*pair, fast, ("impasto optimize", paint(photo, starry))], 4)
    sheet("optimize-losses", [(loss, paint(photo, starry, style_loss=loss)) for loss in LOSSES], 5)
    strengths = (0.2, 0.35, 0.5, 0.65, 0.8)
    tiles = [
        (f"{value}", paint(photo, painting, style_strength=value))
        for painting in (starry, udnie)
        for value in strengths
    ]
    sheet("optimize-strength", tiles, 5)
    control = [
        ("--color match", paint(photo, udnie, color="match")),
        ("--color luminance", paint(photo, udnie, color="luminance")),
        ("--edge-weight 1", paint(photo, udnie, edge_weight=1.0)),
        ("--semantic auto", paint(photo, starry, semantic="auto")),
        ("half like each", halves(photo, starry, udnie)),
        ("fine strokes of Starry Night", paint(photo, lilies, fine=str(starry))),
        ("a mix of two", paint(photo, [starry, lilies])),
        ("--stroke 2", paint(photo, starry, stroke=2.0)),
    ]
    sheet("optimize-control", control, 4)
    with TemporaryDirectory() as scratch:
        tune(photo, starry, Path(scratch) / "tune.png", count=6)
        Image.open(Path(scratch) / "tune.png").convert("RGB").save(PICTURES / "optimize-tune.jpg", quality=85)
    print("optimize-tune")


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
