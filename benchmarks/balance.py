"""Print how alike the same style strength is for different pairs.

    python benchmarks/balance.py --photos FOLDER --paintings FILE... [--limit 3] [--size 256] [--steps 60]

Each photo is optimised from itself like each painting.  How alike means the spread over pairs, largest over smallest,
of the weight that was found, of the content distance that is reached and of the part of the photo's own style distance
that is left.
"""

import argparse
from pathlib import Path
from statistics import geometric_mean

import impasto.optimizing as optimizing
from impasto.batch.jobs import find
from impasto.evaluation.machine import heading
from impasto.evaluation.quality import spread


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", required=True)
    parser.add_argument("--paintings", type=Path, nargs="+", required=True)
    parser.add_argument("--limit", type=int, default=3)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--strengths", type=float, nargs="+", default=[0.1, 0.3, 0.5, 0.7, 0.9])
    options = parser.parse_args()
    photos = spread([str(photo) for photo in find([options.photos])], options.limit)
    pairs = [(photo, painting) for photo in photos for painting in options.paintings]
    names = ", ".join(painting.stem for painting in options.paintings)
    print(f"{heading()}\n{', '.join(Path(photo).stem for photo in photos)} like {names}")
    print(f"{options.size} px, {options.steps} steps, geometric means over pairs, and largest over smallest\n")
    print("| strength | weight | spread | content | spread | style left | spread |\n" + "| --- " * 7 + "|")
    for strength in options.strengths:
        given = {"size": options.size, "steps": options.steps, "start": "photo", "style_strength": strength}
        columns = zip(*(reached(*pair, **given) for pair in pairs), strict=True)
        cells = [f"{geometric_mean(each):.3g} | {max(each) / min(each):.2f}" for each in columns]
        print(f"| {strength:g} | {' | '.join(cells)} |", flush=True)


def reached(photo: str, painting: Path, **given: object) -> tuple[float, float, float]:
    """Return the style's weight, the content distance, and the part of the photo's own style distance that is left."""
    steps = list(optimizing.open_optimization(photo, painting, **given).steps())
    last = [step for step in steps if step.style_weight == steps[-1].style_weight]
    best = min(last, key=lambda step: step.loss)
    return best.style_weight, best.content, best.style / steps[0].style


if __name__ == "__main__":
    main()
