"""Show that painting for long takes no more memory, and leaves no file and no descriptor behind.

    python benchmarks/soak.py [--requests 2000] [--frames 10000] [--model main] [--limit 1.0]

Requests are calls of the API in one process: photos of mixed sizes, kinds and sources, with options drawn at random,
and every tenth one wrong.  Frames are those of one film, 96 x 64 px, painted steadily.  What is printed is a line a
twentieth of the way, and the growth of the memory, in MB for 1,000: how far the most of the second half is above the
most of the first, since engines that are kept for some sizes come and go.  The exit code is 1 if it grows by more than
the limit or something is left behind.
"""

import argparse
import io
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import psutil
from PIL import Image

import impasto
from impasto.errors import ImpastoError
from impasto.evaluation.machine import heading
from impasto.video import stylize_film

SIZES = ((16, 16), (33, 61), (64, 64), (120, 80), (97, 160), (200, 150), (256, 256), (1, 40))
MODES = ("RGB", "L", "RGBA", "P", "I;16")
STYLES = ("starry-night", "great-wave", "the-scream", "starry-night:0.7+great-wave:0.3", "random:7")
FORMATS = {"RGB": ("JPEG", "PNG", "WEBP", "TIFF"), "L": ("JPEG", "PNG")}
FRAME = (64, 96)
RATE = 25


@dataclass
class Watch:
    """What a process has, seen now and then."""

    count: int
    began: float = field(default_factory=time.perf_counter)
    seen: list[tuple[int, float, int, int]] = field(default_factory=list)

    def __call__(self, done: int) -> None:
        """Look, a twentieth of the way after the other."""
        if done % max(1, self.count // 20) == 0 or done == self.count:
            own = psutil.Process()
            self.seen.append((done, own.memory_info().rss / 2**20, own.num_fds(), threading.active_count()))
            _, memory, files, threads = self.seen[-1]
            seconds = time.perf_counter() - self.began
            print(f"{done:7,} {seconds:6.0f} s {memory:8.1f} MB {files:4} descriptors {threads:3} threads", flush=True)

    @property
    def growth(self) -> float:
        """MB for 1,000 from the most of the first half to that of the second."""
        first, second = (
            max(memory for done, memory, *_ in self.seen if (done > self.count / 2) is late) for late in (False, True)
        )
        return (second - first) / (self.count / 2000)

    def leaks(self) -> list[str]:
        """Return what there is more of at the end than in the middle."""
        middle, end = self.seen[len(self.seen) // 2], self.seen[-1]
        names = (("descriptors", 2), ("threads", 3))
        return [f"{end[place] - middle[place]} {name}" for name, place in names if end[place] > middle[place]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--frames", type=int, default=10_000)
    parser.add_argument("--model", default="main")
    parser.add_argument("--limit", type=float, default=1.0, help="MB for 1,000 that the memory may grow")
    options = parser.parse_args()
    print(heading())
    wrong = []
    with TemporaryDirectory() as scratch:
        for name, count, work in (("requests", options.requests, requests), ("frames", options.frames, frames)):
            if count:
                watch = Watch(count)
                work(watch, Path(scratch), options.model)
                left = [path.name for path in Path(scratch).iterdir()]
                verdict = [*watch.leaks(), *left]
                if watch.growth > options.limit:
                    verdict.append(f"more than {options.limit} MB for 1,000")
                behind = ", ".join(verdict) or "nothing"
                print(f"{count:,} {name}: {watch.growth:+.2f} MB for 1,000, left behind: {behind}")
                wrong += verdict
    sys.exit(1 if wrong else 0)


def requests(watch: Watch, scratch: Path, model: str) -> None:
    """Paint photos as strangers may send them."""
    chance = np.random.default_rng(0)
    stylizers = {}
    for done in range(1, watch.count + 1):
        with suppress(ImpastoError):
            one(chance, scratch, stylizers, model)
        watch(done)


def one(chance: np.random.Generator, scratch: Path, stylizers: dict, model: str) -> None:
    """Paint one photo, from an array, bytes or a file, by a Stylizer that is new or was used before."""
    photo, options = chosen(chance)
    source = sent(chance, photo, scratch / "photo.png")
    key = repr(options)
    if key not in stylizers or chance.random() < 0.05:
        while len(stylizers) >= 8:
            del stylizers[next(iter(stylizers))]
        stylizers[key] = impasto.load(model=model, **options)
    try:
        painted = stylizers[key](source)
    finally:
        (scratch / "photo.png").unlink(missing_ok=True)
    size = painted.shape[1::-1] if isinstance(painted, np.ndarray) else painted.size
    if size != photo.size:
        sys.exit(f"a photo of {photo.size} became a painting of {size}")


def chosen(chance: np.random.Generator) -> tuple[Image.Image, dict]:
    """Return a photo and options."""
    height, width = SIZES[chance.integers(len(SIZES))]
    pixels = Image.fromarray(chance.integers(0, 256, (8, 8, 3), np.uint8)).resize((width, height))
    mode = MODES[chance.integers(len(MODES))]
    photo = pixels.convert("I").convert("I;16") if mode == "I;16" else pixels.convert(mode)
    options = {
        "style": STYLES[chance.integers(len(STYLES))],
        "strength": (1.0, 0.5)[chance.integers(2)],
        "stroke": (0.5, 0.0)[chance.integers(2)],
        "color": ("style", "keep")[chance.integers(2)],
    }
    return photo, options


def sent(chance: np.random.Generator, photo: Image.Image, file: Path) -> object:
    """Return a photo as an array, bytes or a file; or, one time in ten, what is none."""
    way = chance.integers(10)
    if way == 0:
        return chance.bytes(200)
    if way < 4 and photo.mode in ("RGB", "L", "RGBA"):
        return np.asarray(photo)
    kinds = FORMATS.get(photo.mode, ("PNG",))
    if way < 7:
        photo.save(file, "PNG")
        return file
    packed = io.BytesIO()
    photo.save(packed, kinds[chance.integers(len(kinds))])
    return packed.getvalue()


def frames(watch: Watch, scratch: Path, model: str) -> None:
    """Paint a film of a picture that wanders."""
    film(scratch / "film.mkv", watch.count)
    stylize_film(
        scratch / "film.mkv",
        scratch / "painted.mkv",
        "starry-night",
        model=model,
        follow=lambda painted: watch(painted.frames),
    )
    for name in ("film.mkv", "painted.mkv"):
        (scratch / name).unlink()


def film(path: Path, count: int) -> None:
    """Write so many frames."""
    import av

    height, width = FRAME
    scene = np.asarray(
        Image.fromarray(np.random.default_rng(0).integers(0, 256, (9, 9, 3), np.uint8)).resize((288, 192))
    )
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=RATE)
        stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
        for number in range(count):
            top, left = (int(90 + 60 * wave(number / 70)) for wave in (np.sin, np.cos))
            view = np.ascontiguousarray(scene[top : top + height, left : left + width])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(view, "rgb24")))
        container.mux(stream.encode(None))


if __name__ == "__main__":
    main()
