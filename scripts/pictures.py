"""Paint the pictures of the docs with the program itself.

    python scripts/pictures.py --photos FOLDER

FOLDER holds the photos that are painted, by the names below; what is written is docs/pictures.
"""

import argparse
from pathlib import Path

import numpy as np

import impasto
from impasto.image import Picture, contact_sheet, fit, read, resize, to_eight_bits, write

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "pictures"
ASTRONAUT = ROOT / "examples" / "astronaut.jpg"
LANDSCAPE, ANIMAL, STREET = "budgie_extreme-desert-hike.jpg", "kodak_23.jpg", "kodak_05.jpg"


def main() -> None:
    """Write each control's picture and print its name."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    folder = parser.parse_args().photos
    landscape, animal = scaled(folder / LANDSCAPE, 384), scaled(folder / ANIMAL, 384)
    sheet("gallery", [("", animal), *((s.name, paint(animal, s.path)) for s in impasto.styles())], 5)
    sheet("strength", [(f"{v:.2f}", paint(landscape, "starry-night", strength=v)) for v in (0, 0.25, 0.5, 0.75, 1)], 5)
    sheet("stroke", [(f"{v}", paint(landscape, "starry-night", stroke=v)) for v in (0.0, 0.5, 1.0)], 3)
    blends = [f"starry-night:{a}+great-wave:{b}" for a, b in ((1, 0), (0.7, 0.3), (0.3, 0.7), (0, 1))]
    sheet("blend", [(name, paint(landscape, name)) for name in blends], 4)
    sheet("color", [(v, paint(animal, "the-scream", color=v)) for v in ("style", "keep", "palette")], 3)
    sheet("random", [(f"random:{seed}", paint(animal, f"random:{seed}")) for seed in range(1, 9)], 4)
    final = scaled(folder / LANDSCAPE, 3072)
    painted = paint(final, "starry-night")
    preview = paint(landscape, "starry-night")
    middle = painted[1000:, 1300:][: preview.shape[0], : preview.shape[1]]
    shrunk = resize(painted, preview.shape[:2])
    sheet("preview", [("preview, 384 px", preview), ("3,072 px, scaled down", shrunk), ("its pixels", middle)], 3)
    regions(animal, scaled(folder / STREET, 384))
    write(Picture(paint(scaled(ASTRONAUT, 512), "starry-night")), PICTURES / "starry-night.jpg", quality=88)


def regions(photo: np.ndarray, street: np.ndarray) -> None:
    """Show masks: half and half, the subject that is found, and one that is found wrong."""
    across = np.linspace(0, 1, photo.shape[1], dtype=np.float32)
    half = np.broadcast_to(np.clip((across - 0.4) * 5, 0, 1), photo.shape[:2]).copy()
    tiles = [
        ("a mask", paint(photo, "great-wave", mask=half)),
        ("a region", paint(photo, "starry-night", regions=[(half, "the-scream")])),
        ("subject and background", paint(photo, subject="udnie", background="great-wave")),
        ("subject, found wrong", paint(street, subject="udnie", background="great-wave")),
    ]
    sheet("regions", tiles, 4)


def scaled(photo: Path, long_side: int) -> np.ndarray:
    """Return a photo's pixels at a long side in px."""
    pixels = to_eight_bits(read(photo).pixels)
    return resize(pixels, fit(pixels.shape[:2], long_side))


def paint(pixels: np.ndarray, style: object = None, **options: object) -> np.ndarray:
    """Return the painted pixels."""
    return np.asarray(impasto.stylize(pixels, style, **options))


def sheet(name: str, tiles: list[tuple[str, np.ndarray]], columns: int) -> None:
    """Write docs/pictures/NAME.jpg."""
    write(Picture(contact_sheet(tiles, columns)), PICTURES / f"{name}.jpg", quality=85)
    print(name)


if __name__ == "__main__":
    main()
