"""A folder of photos, painted in a style into another folder.

python examples/folder.py PHOTOS starry-night PAINTINGS
"""

import sys
from pathlib import Path

import impasto

photos, style, paintings = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
paint = impasto.load(style, strength=0.9)  # once: the network is opened here
paintings.mkdir(exist_ok=True)
for photo in sorted(photos.iterdir()):
    try:
        painted = paint(photo)
    except impasto.ImpastoError as error:  # a file that is no photo stops nothing
        print(error, file=sys.stderr)
        continue
    painted.save(paintings / f"{photo.stem}.png")
    print(f"{photo.name}  {painted.width}x{painted.height}")
