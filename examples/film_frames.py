"""A film frame by frame, with steady strokes: your own frames in, paintings out (pip install '.[video]').

python examples/film_frames.py in.gif udnie out.gif
"""

import sys

from PIL import Image, ImageSequence

import impasto

film = Image.open(sys.argv[1])
frames = (frame.convert("RGB") for frame in ImageSequence.Iterator(film))  # from wherever frames come
painted = []
for pixels in impasto.video.stylize_frames(frames, sys.argv[2], rate=12):  # one at a time, as they come
    painted.append(Image.fromarray(pixels))
    print(f"frame {len(painted)}", end="\r", file=sys.stderr)
painted[0].save(sys.argv[3], save_all=True, append_images=painted[1:], duration=1000 // 12, loop=0)
