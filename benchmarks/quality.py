"""Print content and style distances of styles over photos they were not trained on.

    python benchmarks/quality.py --paintings DIR --photos DIR [--model FOLDER] [--limit N] [--json FILE]

Paintings are found by the styles' names (NAME.jpg or .png in DIR).  Without --model the bundled styles are measured.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import impasto
from impasto.batch.jobs import plan
from impasto.evaluation.machine import heading
from impasto.evaluation.quality import measure, spread, summarise
from impasto.model import bundled_styles
from impasto.perceptual.criterion import PerceptualCriterion
from impasto.perceptual.weights import load_vgg19


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--paintings", type=Path, required=True)
    parser.add_argument("--photos", required=True)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    files = (
        [style.path for style in bundled_styles()] if options.model is None else options.model.glob("styles/*.style")
    )
    painters = {file.stem: (impasto.load(file), _painting(options.paintings, file.stem)) for file in sorted(files)}
    photos = [str(job.photo) for job in plan([options.photos], None, "")]
    photos = spread(photos, options.limit)
    measurements = list(measure(PerceptualCriterion(load_vgg19()), painters, photos))
    print(heading())
    print(f"{len(photos)} photos, medians; the style distance of the photo itself is in the last column\n")
    print("| style | content | style | content + 10 style | identity's style |\n| --- | --- | --- | --- | --- |")
    for name in [*painters, "all"]:
        row = summarise([m for m in measurements if name in ("all", m.style)])
        print(
            f"| {name} | {row.content:.2f} | {row.style:.3f} | {row.total:.2f} | {row.identity_style:.2f} |", flush=True
        )
    if options.json:
        options.json.write_text(json.dumps([asdict(m) for m in measurements], indent=1))


def _painting(folder: Path, name: str) -> str:
    return str(next(folder / f"{name}{suffix}" for suffix in (".jpg", ".png") if (folder / f"{name}{suffix}").exists()))


if __name__ == "__main__":
    main()
