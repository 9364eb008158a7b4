"""`impasto webcam`: what a camera sees, painted live."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from impasto.cli.command import Command
from impasto.cli.names import A_NETWORK, ModelName, StyleName
from impasto.cli.options import options_of
from impasto.cli.progress import FitProgress
from impasto.errors import InvalidOption
from impasto.runtime.stylizer import StylizeOptions

if TYPE_CHECKING:
    from impasto.video.live import Controls, Screen

__all__ = ["webcam"]

PAINTED_SIZE = 480


@click.command(
    cls=Command,
    examples="""
    # In a window; the keys n and p change the style
    impasto webcam -s starry-night -s great-wave -s udnie
    # Smaller and smoother, on a slow machine
    impasto webcam -s the-scream --size 320
    # As a camera for other programs
    impasto webcam -s udnie -o camera
    """,
)
@click.option(
    "-s",
    "--style",
    "styles",
    type=StyleName(),
    multiple=True,
    required=True,
    help="As for stylize; repeat it for more, key n.",
)
@click.option("--camera", default="0", help="The camera's number, or a film file in its place.  [0]")
@click.option("--capture", metavar="WxH", default="640x480", help="Size to ask the camera for.  [640x480]")
@click.option(
    "--size",
    type=click.IntRange(min=16),
    default=PAINTED_SIZE,
    help=f"px of the long side at which is painted; what is shown has the camera's size.  [{PAINTED_SIZE}]",
)
@click.option("-o", "--output", metavar="OUT", help="No window, but a film file, or `camera`: a virtual camera.")
@click.option("--record", metavar="FILE", help="The film that key r records into.  [webcam.mp4]")
@click.option("--steady/--no-steady", default=True, help="Strokes move along with what is seen.  [steady]")
@click.option("--mirror/--no-mirror", default=True, help="As in a mirror.  [mirror]")
@click.option("--frames", type=click.IntRange(min=1), help="End after so many frames.")
@options_of(StylizeOptions, but=("size",))
@click.option("--model", type=ModelName(), help=f"{A_NETWORK}  [the style's own, else fast]")
@click.option("--engine", default="auto", show_default=True, help="auto, openvino, onnxruntime or torch.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, or a device the engine knows.")
@click.option("--precision", default="auto", show_default=True, help="auto, f32 or bf16.")
def webcam(
    styles: tuple[str, ...],
    camera: str,
    capture: str,
    size: int,
    output: str | None,
    record: str | None,
    steady: bool,
    mirror: bool,
    frames: int | None,
    **given: Any,
) -> None:
    """Paint what a camera sees.

    Keys: n and p for the next style and the one before, + and - for strength, ] and [ for the size of strokes,
    m mirror, r record, q quit.
    """
    from impasto.video.camera import Camera
    from impasto.video.live import perform
    from impasto.video.screens import Blind, Recorder, VirtualCamera, Window

    controls = _controls(styles, {name: value for name, value in given.items() if value is not None})
    controls.mirrored = mirror
    is_file = not camera.isdecimal()
    with ExitStack() as stack:
        source = stack.enter_context(closing(Camera(camera, _size(capture), every=is_file and output is not None)))
        films = output is not None and output != "camera"
        recorder = Recorder(Path(str(output) if films else record or "webcam.mp4"), source.rate)
        stack.enter_context(closing(recorder))
        screen: Screen = Blind() if films else VirtualCamera(source.rate) if output else Window()
        stack.enter_context(closing(screen))
        controls.recording = films
        shown, latency, live = 0, 0.0, None
        try:
            for live in perform(source.shots(), controls, screen, size=size, steady=steady, record=recorder):
                shown, latency = shown + 1, latency + live.latency
                if shown == frames:
                    break
        except KeyboardInterrupt:
            click.echo("impasto: interrupted", err=True)
    if live is not None:
        click.echo(f"{shown} frames  {live.rate:.1f} frames/s  {1000 * latency / shown:.0f} ms latency")
    if recorder.frames:
        click.echo(recorder.output)


def _controls(styles: Sequence[str], chosen: dict[str, Any]) -> Controls:
    """Return what keys change, of styles of one network; chosen: options as of `api.load`."""
    from impasto import api
    from impasto.video.live import Controls

    if not any(map(api.own_network, styles)):
        chosen.setdefault("model", "fast")
    with FitProgress() as progress:
        stylizers = [api.load(style, follow=progress, **chosen) for style in styles]
    if len({each.session.network for each in stylizers}) > 1:
        raise InvalidOption("--style: keys change between styles of one network, and these are of several")
    return Controls(stylizers[0], [each.style for each in stylizers if each.style is not None])


def _size(text: str) -> tuple[int, int]:
    """Return (height, width) of WxH."""
    width, x, height = text.lower().partition("x")
    if not (x and width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise InvalidOption(f"--capture is a size such as 640x480, got {text!r}")
    return int(height), int(width)
