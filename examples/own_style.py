"""A style of your own from one painting, mixed with a bundled one (pip install '.[train]').

python examples/own_style.py painting.jpg photo.jpg FOLDER 3m
"""

import sys
from pathlib import Path

import impasto

painting, photo, folder, budget = sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4]
folder.mkdir(exist_ok=True)
nearest, distance = impasto.like(painting)[0]
print(f"the most like it is {nearest.name}, at a distance of {distance:.2f}")
mine = impasto.fit(painting, folder / "my.style", budget=budget)
bundled = impasto.find_style("great-wave")
for share in (0.0, 0.5, 1.0):
    mixed = impasto.mix([(mine, share), (bundled, 1 - share)])
    impasto.stylize(photo, mixed).save(folder / f"mine-{share:.0%}.png")
