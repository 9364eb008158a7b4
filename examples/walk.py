"""A walk through styles as an animation.

python examples/walk.py examples/astronaut.jpg walk.gif
"""

import sys

from PIL import Image

import impasto

STYLES = ("starry-night", "great-wave", "random:7", "the-scream")
FRAMES, SIZE = 24, 256

photo = Image.open(sys.argv[1]).convert("RGB")
photo.thumbnail((SIZE, SIZE))
stops = [impasto.find_style(name) for name in STYLES]
session = impasto.load(stops[0]).session
frames = [impasto.Stylizer(session, style)(photo) for style in impasto.walk(stops, FRAMES)]
frames[0].save(sys.argv[2], save_all=True, append_images=frames[1:], duration=120, loop=0)
