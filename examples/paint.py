"""Paint one photo in every bundled style, at half strength and at full.

python examples/paint.py examples/astronaut.jpg FOLDER
"""

import sys
from pathlib import Path

import impasto

photo, folder = sys.argv[1], Path(sys.argv[2])
folder.mkdir(exist_ok=True)
for style in impasto.styles():
    for strength in (0.5, 1.0):
        painted = impasto.stylize(photo, style.name, strength=strength)
        painted.save(folder / f"{style.name}-{strength}.png")
