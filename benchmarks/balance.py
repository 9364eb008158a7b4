"""Print how alike the same style strength is for different pairs, beside the same style weight.

    python benchmarks/balance.py --photos FOLDER --paintings FILE... [--limit 3] [--size 256] [--steps 60]

For each pair the picture is optimised twice from the photo: with a balanced weight (--style-strength 0.5) and with a
fixed one.  How alike means the spread over pairs, largest over smallest, of the content distance that is reached and of
the part of the photo's own style distance that is left.
"""

import argparse
from pathlib import Path
from statistics import geometric_mean

import impasto.optimizing as optimizing
from impasto.batch.jobs import find
from impasto.evaluation.machine import heading
from impasto.evaluation.quality import spread

FIXED = 10.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", required=True)
    parser.add_argument("--paintings", type=Path, nargs="+", required=True)
    parser.add_argument("--limit", type=int, default=3)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--steps", type=int, default=60)
    options = parser.parse_args()
    photos = spread([str(photo) for photo in find([options.photos])], options.limit)
    ways = {"balanced": {"style_strength": 0.5}, "fixed": {"style_weight": FIXED}}
    print(heading() + "\n\n| photo | painting | way | weight | content | style | of the photo's own |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    reached: dict[str, list[tuple[float, float, float]]] = {way: [] for way in ways}
    for photo in photos:
        for painting in options.paintings:
            for way, setting in ways.items():
                given = {"size": options.size, "steps": options.steps, "start": "photo", **setting}
                steps = list(optimizing.open_optimization(photo, painting, **given).steps())
                last, left = min(steps, key=lambda step: step.loss), steps[-1].style / steps[0].style
                reached[way].append((last.content, left, last.style_weight))
                print(
                    f"| {Path(photo).stem} | {painting.stem} | {way} | {last.style_weight:.1f} | {last.content:.2f} | "
                    f"{last.style:.4f} | {left:.1%} |",
                    flush=True,
                )
    for way, values in reached.items():
        content, left, weight = zip(*values, strict=True)
        print(
            f"\n{way}: weight {geometric_mean(weight):.1f} on average; content {max(content) / min(content):.2f} and "
            f"style {max(left) / min(left):.2f} times as large in one pair as in another"
        )


if __name__ == "__main__":
    main()
